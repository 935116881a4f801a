import ts from 'typescript'

/** One small change of a source file that a test ought to notice. */
export interface Mutant {
  readonly file: string
  /** 1 for the first. */
  readonly line: number
  /** That line, without the white space around it. */
  readonly lineText: string
  readonly start: number
  readonly end: number
  readonly original: string
  readonly replacement: string
}

/** Whether a mutant takes a check away: its condition never holds, or it is not called. */
export function removesCheck({ replacement }: Mutant): boolean {
  return replacement === 'false' || replacement === ';'
}

const SWAPPED: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.PlusToken, '-'],
  [ts.SyntaxKind.MinusToken, '+'],
])

/**
 * All mutants of a source file: conditions held true and false, comparisons and connectives swapped, statements that only
 * call something left out, booleans flipped, `some` and `every` exchanged. Messages of errors are left alone.
 */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const lines = text.split('\n')
  const mutants: Mutant[] = []
  const add = (node: ts.Node, replacement: string): void => {
    const start = node.getStart(source)
    const line = source.getLineAndCharacterOfPosition(start).line + 1
    const lineText = (lines[line - 1] ?? '').trim()
    const original = node.getText(source)
    mutants.push({ file, line, lineText, start, end: node.end, original, replacement })
  }
  const visit = (node: ts.Node): void => {
    // What an error says is no behaviour that a check of bytes depends on.
    if (ts.isNewExpression(node) || ts.isTemplateExpression(node) || ts.isTypeNode(node)) return
    for (const [target, replacement] of changesOf(node)) add(target, replacement)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return mutants
}

function changesOf(node: ts.Node): readonly (readonly [ts.Node, string])[] {
  if (ts.isIfStatement(node)) return held(node.expression)
  if (ts.isConditionalExpression(node)) return held(node.condition)
  if (ts.isBinaryExpression(node)) return swapped(node.operatorToken)
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return [[node, `(${node.operand.getText()})`]]
  }
  if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) return [[node, ';']]
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [[node, 'false']]
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [[node, 'true']]
  if (ts.isPropertyAccessExpression(node)) return quantifier(node.name)
  return []
}

function held(condition: ts.Expression): readonly (readonly [ts.Node, string])[] {
  return [
    [condition, 'true'],
    [condition, 'false'],
  ]
}

function swapped(operator: ts.Node): readonly (readonly [ts.Node, string])[] {
  const other = SWAPPED.get(operator.kind)
  return other === undefined ? [] : [[operator, other]]
}

function quantifier(name: ts.MemberName): readonly (readonly [ts.Node, string])[] {
  if (name.text === 'some') return [[name, 'every']]
  return name.text === 'every' ? [[name, 'some']] : []
}
