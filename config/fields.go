package config

import (
	"reflect"
	"regexp"
	"strings"
)

// A field is one key of a mapping, as the struct tags of types.go describe it.
type field struct {
	index      int
	key        string
	required   bool
	fallback   string // the default's text
	hasDefault bool
	oneof      []string
	span       string // a range tag, such as 1..8
	form       string // a name of forms
	zh, en     string
	typ        reflect.Type
}

// fieldsOf returns the keys of a mapping type in the order of its struct.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		key, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		f := field{
			index: i, key: key, required: options == "required", span: sf.Tag.Get("range"), form: sf.Tag.Get("form"),
			zh: sf.Tag.Get("zh"), en: sf.Tag.Get("en"), typ: sf.Type, oneof: strings.Fields(sf.Tag.Get("oneof")),
		}
		f.fallback, f.hasDefault = sf.Tag.Lookup("default")
		fields = append(fields, f)
	}
	return fields
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// A form is a pattern that a string has to have. The schema for editors carries it too.
type form struct {
	pattern *regexp.Regexp
	zh, en  string
	hint    string
	// checked elsewhere, with a better message; here only for the schema
	schemaOnly bool
}

// forms are the patterns that form tags name.
var forms = map[string]form{
	"id": {
		pattern: regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`),
		zh:      "不是合格的编号", en: "not a valid id",
		hint: "小写字母、数字和 -，以字母或数字开头，最多 63 个 · lower-case letters, digits and -, at most 63, not beginning with -",
	},
	"tag": {
		// RFC 4151, section 2.1: authority "," date; here the authority is a domain in lower case.
		pattern: regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*,[12][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$`),
		zh:      "不是“域名,年份”的形式", en: "not of the form domain,year",
		hint: "如 example.cn,2026（RFC 4151）· like example.cn,2026",
	},
	"language": {
		pattern: regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`),
		zh:      "不是语言代码", en: "not a language tag",
		hint: "如 zh-CN（BCP 47）· like zh-CN",
	},
	"schedule": {
		pattern:    regexp.MustCompile(`^(@every [0-9][0-9.a-z]*|@(yearly|annually|monthly|weekly|daily|midnight|hourly)|\S+( +\S+){4})$`),
		schemaOnly: true,
	},
}
