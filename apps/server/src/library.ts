/** The part of the server that needs no server: which catalog answers. The command line uses it too. */
export * from './catalog-choice.ts';
export * from './catalog-library.ts';
export * from './data-directory.ts';
export { defaultFreshnessPolicy, type FreshnessPolicy } from './fleet/freshness.ts';
export { defaultRetention } from './fleet/retention-schedule.ts';
export * from './harvest-cache.ts';
export { openLibvirtMaps, type LibvirtMaps } from './libvirt-maps.ts';
export * from './recent-map.ts';
export * from './shipped-catalogs.ts';
export * from './reports/library.ts';
