// The compact form that src/wire/model.ts reads; both front ends (botocore, Smithy) end here.

/** Drops members whose value is undefined, false, empty or null. */
export function sparse(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)));
}

/** A member is its target's name alone when nothing else is to be said. */
export function member(target, facts) {
  const rest = sparse(facts);
  return Object.keys(rest).length === 0 ? target : { s: target, ...rest };
}

/** Scalars without constraints lose their own name and become `$type`; shapes that nothing reaches are dropped. */
export function prune(operations, shapes, errors) {
  const isPlain = (name) => {
    const shape = shapes[name];
    return shape && !['structure', 'list', 'map'].includes(shape.t) && Object.keys(shape).length === 1;
  };
  const kept = {};
  const visit = (reference) => {
    const name = typeof reference === 'string' ? reference : reference.s;
    if (isPlain(name)) return typeof reference === 'string' ? `$${shapes[name].t}` : { ...reference, s: `$${shapes[name].t}` };
    if (!(name in kept)) {
      const shape = shapes[name];
      if (!shape) throw new Error(`shape ${name} does not exist`);
      const copy = { ...shape };
      kept[name] = copy;
      if (shape.m) copy.m = Object.fromEntries(Object.entries(shape.m).map(([key, value]) => [key, visit(value)]));
      if (shape.of) copy.of = visit(shape.of);
      if (shape.key) copy.key = visit(shape.key);
    }
    return reference;
  };
  for (const operation of Object.values(operations)) {
    if (operation.in) visit(operation.in);
    if (operation.out) visit(operation.out);
    for (const error of operation.errors ?? []) visit(error);
  }
  for (const error of errors) visit(error);
  return kept;
}

/** One operation and one shape a line: small, and a new release reads well as a diff. */
export function printModel({ operations, shapes, ...head }) {
  const lines = (object) => Object.keys(object).sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(object[name])}`).join(',\n');
  const top = Object.entries(sparse(head)).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',\n');
  return `{${top},\n"operations":{\n${lines(operations)}\n},\n"shapes":{\n${lines(shapes)}\n}}\n`;
}
