// The rules of a bus, compiled and kept in memory for as long as nothing of the bus changes.

import { BoundedMap } from '../../base/boundedMap.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import { busArn, type BusName } from './domain/names.ts';
import { indexRules, type RuleIndex } from './domain/ruleIndex.ts';
import { knownBusesMax, pageRows } from './limits.ts';
import { readEpoch, rules as ruleTable, type RuleRow, targets as targetTable, type TargetRow } from './store.ts';

export interface KnownTarget {
  readonly id: string;
  readonly row: TargetRow;
}

export interface KnownRule {
  readonly name: string;
  readonly row: RuleRow;
  /** In the order of their ids. */
  readonly targets: readonly KnownTarget[];
}

export interface Ruleset {
  /** In the order of their names. */
  readonly byName: ReadonlyMap<string, KnownRule>;
  /** Of the enabled rules with a pattern and targets. */
  readonly index: RuleIndex<KnownRule>;
}

export interface Rulesets {
  /** As `tx` sees them; a change that commits meanwhile makes `tx` run again. */
  read(tx: ReadTransaction, bus: BusName): Promise<Ruleset>;
}

export function createRulesets(): Rulesets {
  const known = new BoundedMap<string, { readonly epoch: number; readonly ruleset: Ruleset }>(knownBusesMax);
  return {
    async read(tx, bus) {
      const epoch = await readEpoch(tx, bus);
      const key = busArn(bus);
      const found = known.get(key);
      if (found?.epoch === epoch) return found.ruleset;
      const ruleset = await loadRuleset(tx, bus);
      known.set(key, { epoch, ruleset });
      return ruleset;
    },
  };
}

async function loadRuleset(tx: ReadTransaction, bus: BusName): Promise<Ruleset> {
  const targetsOf = new Map<string, KnownTarget[]>();
  for await (const { parts, row } of readAll(tx, bus, targetTable)) {
    const list = targetsOf.get(String(parts[1])) ?? [];
    list.push({ id: String(parts[2]), row });
    targetsOf.set(String(parts[1]), list);
  }
  const byName = new Map<string, KnownRule>();
  for await (const { parts, row } of readAll(tx, bus, ruleTable)) {
    const name = String(parts[1]);
    byName.set(name, { name, row, targets: targetsOf.get(name) ?? [] });
  }
  const live = [...byName.values()].filter(({ row, targets }) => row.state !== 'DISABLED' && row.pattern !== undefined && targets.length > 0);
  return { byName, index: indexRules(live, ({ row }) => row.pattern ?? '') };
}

async function* readAll<Row extends object>(tx: ReadTransaction, bus: BusName, table: { list: import('../../kv/table.ts').Table<Row>['list'] }) {
  let after: readonly import('../../kv/tuple.ts').KeyPart[] | undefined;
  for (;;) {
    const page = await table.list(tx, bus, [bus.bus], { limit: pageRows, ...(after && { after }) });
    yield* page;
    if (page.length < pageRows) return;
    after = page.at(-1)?.parts;
  }
}
