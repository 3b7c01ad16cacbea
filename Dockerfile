# CPU Atlas as a container: the server, the agent and the command line are one program.
#   docker build -t cpu-atlas .
#   docker run --rm -p 127.0.0.1:4280:4280 --device /dev/kvm cpu-atlas serve --host 0.0.0.0 --insecure-bind
# A hub with PostgreSQL and agents: docker compose up.

FROM node:22-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
COPY apps/cli/package.json apps/cli/
COPY apps/server/package.json apps/server/
COPY apps/web/package.json apps/web/
COPY packages/catalog/package.json packages/catalog/
COPY packages/contract/package.json packages/contract/
COPY packages/core/package.json packages/core/
COPY packages/importer/package.json packages/importer/
COPY packages/prober/package.json packages/prober/
# Nothing here needs an install script: native parts come prebuilt in their packages or are compiled below.
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY . .
RUN npm run build:native -- --require && npm run build && npm prune --omit=dev --no-audit --no-fund --ignore-scripts

FROM node:22-bookworm-slim
# QEMU is what cells are proven with; Atlas answers without it, too.
RUN apt-get update \
 && apt-get install -y --no-install-recommends qemu-system-x86 tini openssl \
 && rm -rf /var/lib/apt/lists/*
# 10001 is in no distribution's range. The group of /dev/kvm comes from outside: docker run --group-add.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/cpu-atlas --shell /usr/sbin/nologin cpu-atlas \
 && install -d -o cpu-atlas -g cpu-atlas -m 0700 /var/lib/cpu-atlas /run/cpu-atlas
COPY --from=build --chown=root:root /build /opt/cpu-atlas
RUN ln -s /opt/cpu-atlas/apps/cli/bin/cpu-atlas.js /usr/local/bin/cpu-atlas
USER cpu-atlas
WORKDIR /var/lib/cpu-atlas
# A smaller heap is swept more often; half a gigabyte is enough for some 50,000 hosts.
ENV NODE_ENV=production NODE_OPTIONS=--max-old-space-size=512 CPU_ATLAS_DATA_DIR=/var/lib/cpu-atlas
VOLUME /var/lib/cpu-atlas
EXPOSE 4280
ENTRYPOINT ["tini", "--", "cpu-atlas"]
CMD ["serve"]
