package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A decoder fills a Config from a tree. It never stops at a fault: it notes it and goes on, so that all are found.
type decoder struct {
	getenv func(string) string
	faults []Fault
	// at is where each value stands, by path; bad holds the paths whose value is wrong, so that no check complains of
	// the same value again.
	at  map[string]position
	bad map[string]bool
	// fields are those of the types met so far.
	fields map[reflect.Type][]field
	// hide names lines that lie inside a secret of several lines.
	hide map[int]bool
}

func newDecoder(getenv func(string) string) *decoder {
	return &decoder{
		getenv: getenv, at: map[string]position{}, bad: map[string]bool{}, hide: map[int]bool{},
		fields: map[reflect.Type][]field{},
	}
}

// fault notes what is wrong with the value at path.
func (d *decoder) fault(path, message, hint string) {
	d.bad[path] = true
	d.faultAt(d.where(path), path, message, hint)
}

// wrong reports whether the value at path, or one around it, is known to be wrong.
func (d *decoder) wrong(path string) bool {
	for path != "" {
		if d.bad[path] {
			return true
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return false
}

// refuse notes what a check found, unless the value is known to be wrong already.
func (d *decoder) refuse(path, message, hint string) {
	if !d.wrong(path) {
		d.fault(path, message, hint)
	}
}

func (d *decoder) faultAt(p position, path, message, hint string) {
	d.faults = append(d.faults, Fault{Line: p.line, Column: p.column, Path: path, Message: message, Hint: hint})
}

// where is the position of the value at path, or of the nearest value around it.
func (d *decoder) where(path string) position {
	for {
		if p, ok := d.at[path]; ok {
			return p
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			break
		}
		path = path[:i]
	}
	if p, ok := d.at[""]; ok {
		return p
	}
	return position{1, 1}
}

// given reports whether the file has a value at path.
func (d *decoder) given(path string) bool {
	_, ok := d.at[path]
	return ok
}

// value decodes n into v by v's type.
func (d *decoder) value(n ast.Node, v reflect.Value, f field, path string) {
	d.at[path] = start(n)
	n, ok := d.plain(n, path)
	if !ok {
		return
	}
	_, isScalar := kinds[v.Type()]
	switch {
	case isScalar:
		d.scalar(n, v, f, path)
	case v.Kind() == reflect.Slice:
		d.list(n, v, f, path)
	default:
		d.mapping(n, v, path)
	}
}

// plain refuses what YAML has beyond plain values: anchors, aliases, tags, and keys without a value.
func (d *decoder) plain(n ast.Node, path string) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.AliasNode:
		d.fault(path, "不支持别名 *…（aliases are not supported）", `要写以 * 开头的值，请加引号 · to begin a value with *, put it in quotes`)
	case *ast.AnchorNode:
		d.fault(path, "不支持锚点 &…（anchors are not supported）", `要写以 & 开头的值，请加引号 · to begin a value with &, put it in quotes`)
	case *ast.TagNode, *ast.DirectiveNode:
		d.fault(path, "不支持标签 !…（tags are not supported）", `要写以 ! 开头的值，请加引号 · to begin a value with !, put it in quotes`)
	case nil, *ast.NullNode:
		d.fault(path, "没有值（no value）", `写上值，或删去这一行；空文字写 ""，空列表写 []；以 # 开头的值要加引号 · give a value or drop the line; a value that begins with # needs quotes`)
	default:
		return n, true
	}
	return nil, false
}

// mapping decodes a mapping into a struct; a nil node gives the defaults.
func (d *decoder) mapping(n ast.Node, v reflect.Value, path string) {
	fields, ok := d.fields[v.Type()]
	if !ok {
		fields = fieldsOf(v.Type())
		d.fields[v.Type()] = fields
	}
	seen := map[string]bool{}
	if n != nil {
		pairs, ok := pairsOf(n)
		if !ok {
			d.fault(path, "这里应是若干“键: 值”（expected keys with values）", "可用的键 · keys: "+strings.Join(keysOf(fields), ", "))
			pairs = nil
		}
		for _, pair := range pairs {
			d.pair(pair, v, fields, seen, path)
		}
		if !ok {
			return
		}
	}
	for _, f := range fields {
		if !seen[f.key] {
			d.absent(f, v.Field(f.index), join(path, f.key), n != nil)
		}
	}
}

// pair decodes one key of a mapping with its value.
func (d *decoder) pair(pair *ast.MappingValueNode, v reflect.Value, fields []field, seen map[string]bool, path string) {
	at := start(pair)
	key, ok := keyText(pair.Key)
	if !ok {
		d.faultAt(at, join(path, "?"), "键必须是一个词（a key must be one plain word）", "可用的键 · keys: "+strings.Join(keysOf(fields), ", "))
		return
	}
	i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
	switch {
	case i < 0:
		d.unknown(at, key, pair.Value, fields, path)
	case seen[key]:
		d.faultAt(at, join(path, key), "重复的键 "+quote(key)+"（duplicate key）", "同一个键只能写一次，删去其中一处 · keep one of them")
	default:
		seen[key] = true
		d.value(pair.Value, v.Field(fields[i].index), fields[i], join(path, key))
	}
}

func (d *decoder) unknown(at position, key string, value ast.Node, fields []field, path string) {
	hint := "可用的键 · keys: " + strings.Join(keysOf(fields), ", ")
	if near := nearest(key, keysOf(fields)); near != "" && len(d.faults) <= maxFaults {
		hint = "是不是 " + near + "？ · did you mean " + near + "?"
		if i := slices.IndexFunc(fields, func(f field) bool { return f.key == near }); fields[i].isSecret() {
			d.hideLines(value, true)
		}
	}
	d.faultAt(at, join(path, key), "未知的键 "+quote(key)+"（unknown key）", hint)
}

// absent gives a key that is left out its default.
func (d *decoder) absent(f field, v reflect.Value, path string, say bool) {
	k, isScalar := kinds[f.typ]
	switch {
	case f.required && say:
		d.fault(path, fmt.Sprintf("缺少 %s（%s is missing）", f.key, f.key), f.zh+" · "+f.en)
	case isScalar && f.hasDefault:
		value, err := k.parse(f.fallback)
		if err != nil {
			panic("config: bad default of " + path) // a mistake in types.go, found by every test
		}
		v.Set(reflect.ValueOf(value))
	case !isScalar && v.Kind() == reflect.Struct:
		d.mapping(nil, v, path)
	}
}

// list decodes a sequence into a slice.
func (d *decoder) list(n ast.Node, v reflect.Value, f field, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fault(path, "这里应是列表（expected a list）", `每项一行，前面加“- ”，或写成 [a, b] · one item a line after "- ", or [a, b]`)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		d.value(item, out.Index(i), field{typ: f.typ.Elem()}, fmt.Sprintf("%s[%d]", path, i))
	}
	v.Set(out)
}

// scalar decodes one value and holds it against the field's bounds.
func (d *decoder) scalar(n ast.Node, v reflect.Value, f field, path string) {
	k := kinds[v.Type()]
	if f.isSecret() || v.Type() == secretType {
		d.hideLines(n, false)
	}
	text, as, ok := textOf(n)
	if !ok {
		d.fault(path, fmt.Sprintf("这里应为%s（expected %s）", k.zh, k.en), "")
		return
	}
	if strings.Contains(strings.TrimSpace(n.GetToken().Origin), "\n") && as == textOnly && n.GetToken().Type == token.StringType {
		d.fault(path, "值跨了几行，多半是缩进不齐（a plain value over several lines）", "确实要多行时加引号；否则检查下一行的缩进 · put it in quotes, or look at the next line's indentation")
		return
	}
	expanded, changed, problem := expand(text, d.getenv)
	if problem != nil {
		d.fault(path, problem.message, problem.hint)
		return
	}
	if !utf8.ValidString(expanded) || strings.ContainsFunc(expanded, invisible) {
		d.fault(path, "值里有控制字符（control characters in the value）", "多半是复制时带上的 · probably copied along")
		return
	}
	if !changed && k.accepts != anyScalar && k.accepts != as {
		d.mistyped(k, v.Type(), text, path)
		return
	}
	parsed, err := k.parse(expanded)
	if err != nil {
		d.fault(path, fmt.Sprintf("%s应为%s（expected %s）", shown(v.Type(), expanded), k.zh, k.en), parseHint(err))
		return
	}
	v.Set(reflect.ValueOf(parsed))
	d.bounds(k, parsed, expanded, f, path)
}

// invisible reports control characters but for line ends and tabs: no value needs them, and databases refuse some.
func invisible(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// mistyped tells a value in the wrong clothes.
func (d *decoder) mistyped(k kind, t reflect.Type, text, path string) {
	hint := ""
	switch {
	case strings.ContainsAny(text, "，：“”"):
		hint = hintFullWidth
	case t == secretType || t.Kind() == reflect.String:
		hint = `文字像数字或 true/false 时要加引号 · text that looks like a number or true/false needs quotes`
	case k.accepts == numberOnly || k.accepts == boolOnly:
		hint = "不加引号，不带单位 · without quotes or a unit"
	}
	d.fault(path, fmt.Sprintf("%s应为%s（expected %s）", shown(t, text), k.zh, k.en), hint)
}

// shown quotes a value that is no secret.
func shown(t reflect.Type, text string) string {
	if t == secretType || t == reflect.TypeFor[DSN]() {
		return ""
	}
	return quote(text) + " "
}

// parseHint passes on what a parser knows beyond "this is none".
func parseHint(err error) string {
	var a advice
	if errors.As(err, &a) {
		return a.Error()
	}
	return ""
}

// bounds holds a value against its field's range, choices and form.
func (d *decoder) bounds(k kind, parsed any, text string, f field, path string) {
	switch {
	case f.required && text == "":
		d.fault(path, fmt.Sprintf("%s 不能为空（must not be empty）", f.key), f.zh+" · "+f.en)
	case f.span != "" && !inRange(k, parsed, f.span):
		low, high := between(f.span)
		d.fault(path, fmt.Sprintf("%s 超出范围，应在 %s 到 %s 之间（out of range %s to %s）", quote(text), low, high, low, high), "")
	case len(f.oneof) > 0 && !slices.Contains(f.oneof, text):
		hint := ""
		if near := nearest(text, f.oneof); near != "" {
			hint = "是不是 " + near + "？ · did you mean " + near + "?"
		}
		choices := strings.Join(f.oneof, " | ")
		d.fault(path, fmt.Sprintf("%s 不在可选值 %s 之中（not one of %s）", quote(text), choices, choices), hint)
	case f.form != "" && !forms[f.form].schemaOnly && !forms[f.form].pattern.MatchString(text):
		form := forms[f.form]
		d.fault(path, fmt.Sprintf("%s %s（%s）", quote(text), form.zh, form.en), form.hint)
	}
}
