package config

import (
	"encoding/json"
	"maps"
	"reflect"
	"strconv"
	"strings"
)

// Schema returns the JSON Schema (draft 2020-12) of the YAML, for editors; config/schema.json is a copy. It is made from
// the same struct tags that the decoder obeys. What it cannot say, such as unique ids, only wefeed check finds.
func Schema() []byte {
	defs := map[string]any{}
	root := objectSchema(reflect.TypeFor[Config](), defs)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "wefeed"
	root["description"] = "wefeed 的配置 · configuration of wefeed"
	root["$defs"] = defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("config: the schema is not JSON: " + err.Error()) // a mistake in this file, found by every test
	}
	return append(out, '\n')
}

// objectSchema describes a mapping. Types of mappings below it go into defs, so that sections may hold sections.
func objectSchema(t reflect.Type, defs map[string]any) map[string]any {
	properties := map[string]any{}
	var required []string
	for _, f := range fieldsOf(t) {
		s := f.schema(f.typ, defs)
		s["description"] = f.zh + " · " + f.en
		properties[f.key] = s
		if f.required {
			required = append(required, f.key)
		}
	}
	o := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// schema describes a value of type t under this key.
func (f field) schema(t reflect.Type, defs map[string]any) map[string]any {
	if k, ok := kinds[t]; ok {
		return f.scalarSchema(k)
	}
	if t.Kind() == reflect.Slice {
		s := map[string]any{"type": "array", "items": field{}.schema(t.Elem(), defs)}
		if f.required {
			s["minItems"] = 1
		}
		return s
	}
	if _, known := defs[t.Name()]; !known {
		defs[t.Name()] = nil // holds the place while the type's own keys refer to it
		defs[t.Name()] = objectSchema(t, defs)
	}
	return map[string]any{"$ref": "#/$defs/" + t.Name()}
}

// scalarSchema describes a scalar; wherever a plain text would not do, ${VAR} does too.
func (f field) scalarSchema(k kind) map[string]any {
	s := maps.Clone(k.schema)
	if len(f.oneof) > 0 {
		s["enum"] = f.oneof
	}
	if f.form != "" {
		s["pattern"] = forms[f.form].pattern.String()
	}
	if f.required && s["type"] == "string" {
		s["minLength"] = 1
	}
	if low, high := between(f.span); f.span != "" && k.accepts == numberOnly {
		s["minimum"], s["maximum"] = json.Number(low), json.Number(high)
	}
	if _, plain := s["pattern"]; plain || s["enum"] != nil || s["type"] != "string" {
		s = map[string]any{"anyOf": []any{s, pattern(`\$\{`)}}
	}
	if f.hasDefault {
		s["default"] = jsonDefault(k, f.fallback)
	}
	return s
}

func jsonDefault(k kind, text string) any {
	switch k.accepts {
	case boolOnly:
		return text == "true"
	case numberOnly:
		return json.Number(text)
	}
	return text
}

// A Key is one key of the YAML as a reference shows it.
type Key struct {
	Path     string // e.g. sections[].sources[].list
	Form     string // how its value is written: Chinese · English
	Bounds   string // choices or range, "" for none
	Default  string // as it would be written in YAML; "" when there is none
	Required bool
	ZH, EN   string
}

// Keys returns every key of the YAML in the order of the types; below sections[].sections[] they begin anew.
func Keys() []Key { return keysUnder(reflect.TypeFor[Config](), "") }

func keysUnder(t reflect.Type, path string) []Key {
	var keys []Key
	for _, f := range fieldsOf(t) {
		k, inner := f.describe(join(path, f.key))
		keys = append(keys, k)
		if inner != nil && inner != t {
			keys = append(keys, keysUnder(inner, k.Path)...)
		}
	}
	return keys
}

// describe returns the key's reference entry, and the type of the mappings under it, if any.
func (f field) describe(path string) (Key, reflect.Type) {
	k := Key{Path: path, Required: f.required, ZH: f.zh, EN: f.en, Bounds: strings.Join(f.oneof, " | ")}
	if f.span != "" {
		k.Bounds = strings.Replace(f.span, "..", " … ", 1)
	}
	t, list := f.typ, f.typ.Kind() == reflect.Slice && kinds[f.typ].parse == nil
	if list {
		t = t.Elem()
	}
	scalar, isScalar := kinds[t]
	switch {
	case isScalar && list:
		k.Form = "列表：" + scalar.zh + " · list: " + scalar.en
	case isScalar:
		k.Form = scalar.zh + " · " + scalar.en
	case list:
		k.Path, k.Form = path+"[]", "列表 · list"
	default:
		k.Form = "若干键 · keys"
	}
	if f.hasDefault {
		k.Default = f.fallback
		if f.fallback == "" {
			k.Default = strconv.Quote("")
		}
	}
	if isScalar {
		return k, nil
	}
	return k, t
}
