package conf

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The values of Fluentd's language are read as Fluentd reads them (lib/fluent/
// config/types.rb of Fluentd 1.19), also where that surprises: then why says
// what the value came to mean and what to write.

var (
	// Fluentd looks for each unit in turn, the smallest first, wherever it stands.
	fluentSizeUnits = unitPatterns("(?i)", "kmgt")
	fluentTimeUnits = unitPatterns("", "smhd")
	leadingInt      = regexp.MustCompile(`^\s*[-+]?\d+(?:_\d+)*`)
	leadingFloat    = regexp.MustCompile(`^\s*[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?`)

	plainSize = regexp.MustCompile(`^(?:-1|\d+(?:[kKmMgGtT](?:i?[bB])?)?)$`)
	plainTime = regexp.MustCompile(`^(?:\d+(?:s|m|h|d|sec|secs|second|seconds|min|mins|minute|minutes|hour|hours|day|days)|\d+(?:\.\d+)?)$`)
)

func unitPatterns(flags, units string) (list []*regexp.Regexp) {
	for _, u := range units {
		list = append(list, regexp.MustCompile(flags+`(\d+)`+string(u)))
	}
	return list
}

// firstUnit returns the number before the first unit that s has, and which.
func firstUnit(s string, units []*regexp.Regexp) (digits string, unit int) {
	for i, re := range units {
		if m := re.FindStringSubmatch(s); m != nil {
			return m[1], i
		}
	}
	return "", -1
}

// FluentInt reads an integer as Fluentd does: the digits in front, else 0.
func FluentInt(s string) (n int64, why string) {
	digits := leadingInt.FindString(s)
	n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(digits), "_", ""), 10, 64)
	if digits == "" || err != nil {
		return 0, "Fluentd reads it as 0: write a whole number"
	}
	if len(digits) != len(strings.TrimRight(s, " ")) {
		return n, "Fluentd reads it as " + strconv.FormatInt(n, 10) + ": write " + strconv.FormatInt(n, 10)
	}
	return n, ""
}

// FluentFloat reads a number as Fluentd does: the digits in front, else 0.
func FluentFloat(s string) (n float64, why string) {
	digits := leadingFloat.FindString(s)
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if digits == "" || err != nil {
		return 0, "Fluentd reads it as 0: write a number"
	}
	if len(digits) != len(strings.TrimRight(s, " ")) {
		return n, "Fluentd reads it as " + strconv.FormatFloat(n, 'g', -1, 64) + ": write " + strconv.FormatFloat(n, 'g', -1, 64)
	}
	return n, ""
}

// FluentSize reads bytes as Fluentd does: the first digits that k, else m, else
// g, else t follows, in powers of 1024, else FluentInt.
func FluentSize(s string) (n int64, why string) {
	factor := int64(1)
	if digits, unit := firstUnit(s, fluentSizeUnits); unit >= 0 {
		n, _ = strconv.ParseInt(digits, 10, 64)
		factor = 1 << (10 * (1 + unit))
	} else {
		n, _ = FluentInt(s)
	}
	if n > math.MaxInt64/factor {
		return math.MaxInt64, "more than can be counted: write less"
	}
	n *= factor
	if !plainSize.MatchString(s) {
		why = "Fluentd reads it as " + strconv.FormatInt(n, 10) + " bytes: write " + strings.TrimSuffix(strings.TrimSuffix(FormatSize(n), "B"), "i")
	}
	return n, why
}

// FluentTime reads a time as Fluentd does: the first digits that s, else m, else
// h, else d follows, else seconds.
func FluentTime(s string) (d time.Duration, why string) {
	var seconds float64
	if digits, unit := firstUnit(s, fluentTimeUnits); unit >= 0 {
		n, _ := strconv.ParseFloat(digits, 64)
		seconds = n * [...]float64{1, 60, 3600, 86400}[unit]
	} else {
		seconds, _ = FluentFloat(s)
	}
	if seconds > float64(math.MaxInt64/int64(time.Second)) {
		return math.MaxInt64, "" // for ever, as good as
	}
	d = time.Duration(seconds * float64(time.Second))
	if !plainTime.MatchString(s) {
		why = "Fluentd reads it as " + formatDuration(d) + ": write " + strconv.FormatFloat(seconds, 'f', -1, 64) + "s"
		if seconds != math.Trunc(seconds) {
			why = strings.TrimSuffix(why, "s")
		}
	}
	return d, why
}

// FluentBool reads true or false as Fluentd does; a name without a value is
// true, and what is neither is unset, which counts as false.
func FluentBool(s string) (b bool, why string) {
	switch {
	case s == "true", s == "yes", s == "", strings.HasPrefix(s, "#"):
		return true, ""
	case s == "false", s == "no":
		return false, ""
	}
	return false, "Fluentd reads it as neither, which counts as false: write true or false"
}

// FluentArray reads a list: JSON, or texts with commas between them.
func FluentArray(s string) (items []string, why string) {
	if strings.HasPrefix(s, "[") {
		var list []any
		if err := json.Unmarshal([]byte(s), &list); err != nil {
			return nil, "it begins with [ and is no JSON: write [\"a\", \"b\"] or a,b"
		}
		for _, x := range list {
			items = append(items, jsonText(x))
		}
		return items, ""
	}
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items, ""
}

// FluentHash reads names with values, in their order: JSON, or k:v,k2:v2.
func FluentHash(s string) (pairs []Param, why string) {
	if strings.HasPrefix(s, "{") {
		return jsonPairs(s)
	}
	for item := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(item, ":")
		if name = strings.TrimSpace(name); name != "" {
			pairs = append(pairs, Param{Name: name, Value: strings.TrimSpace(value)})
		}
	}
	return pairs, ""
}

func jsonPairs(s string) (pairs []Param, why string) {
	const bad = "it begins with { and is no JSON object: write {\"name\": \"value\"} or name:value"
	d := json.NewDecoder(strings.NewReader(s))
	if _, err := d.Token(); err != nil {
		return nil, bad
	}
	for d.More() {
		name, err := d.Token()
		var raw json.RawMessage
		if err != nil || d.Decode(&raw) != nil {
			return nil, bad
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		pairs = append(pairs, Param{Name: name.(string), Value: text})
	}
	if _, err := d.Token(); err != nil {
		return nil, bad
	}
	return pairs, ""
}

// jsonText is a JSON value as a text: a string's own, else its JSON.
func jsonText(x any) string {
	if s, ok := x.(string); ok {
		return s
	}
	b, err := json.Marshal(x)
	if err != nil {
		panic("BUG: JSON that was read cannot be written: " + err.Error())
	}
	return string(b)
}
