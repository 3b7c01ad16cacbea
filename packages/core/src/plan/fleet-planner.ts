/** What the planner offers to the outside. */
export {
  foldHosts,
  isAnswering,
  silenceOf,
  type Freshness,
  type HostClass,
  type PlanHost,
  type PlanRequest,
  type UnseenHost,
} from './fleet.ts';
export { type Answer, type Obstacle, type ObstacleKind, type Verdict } from './predicates-obstacle.ts';
export { bootGuest, type BootedGuest, type GuestCpu } from './predicates-guest.ts';
export {
  movable,
  movableBothWays,
  runnable,
  startable,
  trap,
  type BothWays,
  type LibvirtVerdict,
  type MoveVerdict,
  type StartVerdict,
} from './predicates.ts';
export { safe, type FleetVerdict } from './predicates-safe.ts';
export { type Contradiction, type PoolConstraints } from './pools/atoms.ts';
export { type PoolCost, type PoolCut } from './pools/explain-pool.ts';
export { type AfterLoss, type Pool } from './pools/describe-pools.ts';
export {
  optimisePools,
  optimisePoolsInSteps,
  type PoolChoice,
  type PoolPlan,
  type PoolRequest,
  type UnplacedHost,
} from './pools/optimise-pools.ts';
export { rankChoices, rankChoicesInSteps, type ChoiceRequest, type FeatureLoss, type RankedChoice } from './choices.ts';
export { type PoolLine } from './choices-line.ts';
export {
  applyChanges,
  whatIf,
  whatIfInSteps,
  type FleetChange,
  type FleetState,
  type ModelEffect,
  type VmEffect,
  type WhatIf,
} from './what-if.ts';
export { AnswerCache, createBoard, createBoardInSteps, type FleetBoard, type ModelTally } from './what-if-board.ts';
export { type VmRecord } from './ledger/vm-record.ts';
export {
  analyseVms,
  analyseVmsInSteps,
  type Reach,
  type UnreadVm,
  type VmAnalysis,
  type VmGroup,
} from './ledger/analyse-vms.ts';
export { planDrain, type DrainMove, type DrainPlan, type FreeingMask, type StuckVm } from './ledger/plan-drain.ts';
export {
  planRollingUpgrade,
  planRollingUpgradeInSteps,
  type RollingUpgrade,
  type StrandedVm,
  type UpgradeStep,
} from './ledger/plan-rolling-upgrade.ts';
export { runSteps, type Steps } from './fleet-steps.ts';
