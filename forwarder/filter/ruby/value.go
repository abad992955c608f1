package ruby

import (
	"math"
	"slices"
	"time"

	"sluice/event"
	"sluice/parser/rubyexp"
)

type kind uint8

const (
	kNil kind = iota
	kFalse
	kTrue
	kInt
	kFloat
	kStr
	kSym
	kArr
	kHash
	kTime
	kRange
	kRegexp
	kMatch
	kClass
	kRaw // an object or array of the record, as it came
	kinds
)

var kindNames = [kinds]string{
	"NilClass", "FalseClass", "TrueClass", "Integer", "Float", "String", "Symbol", "Array", "Hash",
	"Time", "Range", "Regexp", "MatchData", "Class", "Hash",
}

// value is a Ruby value. The zero value is nil.
type value struct {
	kind kind
	enc  event.Kind // of kRaw
	span bool       // a kStr or kRaw as it stands in the batch's arena at n
	nsec uint32     // of kTime
	n    int64      // kInt; bits of kFloat; seconds of kTime; offset, see span
	s    string     // kStr, kSym, kClass; bytes of kRaw; source of kRegexp
	o    *object
}

// object is what does not fit into a value.
type object struct {
	list    []value // kArr; both ends of kRange; groups of kMatch
	pairs   []pair  // kHash
	index   map[string]int
	re      *rubyexp.Regexp
	loc     *time.Location // kTime; nil: local
	open    bool           // kRange without its end
	frozen  bool           // belongs to others
	root    *object        // of what is held of the record: the field's; nil: it is the field's itself, or nobody's
	changed bool           // it, or what belongs to it
	whole   string         // of kMatch: the text
	places  []int          // and where in it the match and its groups are
}

type pair struct{ k, v value }

func boolean(b bool) value {
	if b {
		return value{kind: kTrue}
	}
	return value{kind: kFalse}
}

func integer(n int64) value { return value{kind: kInt, n: n} }

func float(f float64) value { return value{kind: kFloat, n: int64(math.Float64bits(f))} }

func str(s string) value { return value{kind: kStr, s: s} }

func array(list []value) value { return value{kind: kArr, o: &object{list: list}} }

func hash(pairs ...pair) value {
	h := value{kind: kHash, o: &object{}}
	for _, p := range pairs {
		h.o.set(p.k, p.v)
	}
	return h
}

func (v value) truthy() bool { return v.kind > kFalse }

func (v value) float() float64 {
	if v.kind == kInt {
		return float64(v.n)
	}
	return math.Float64frombits(uint64(v.n))
}

func (v value) number() bool { return v.kind == kInt || v.kind == kFloat }

// id names a hash's key.
func (v value) id() string {
	if v.kind == kStr {
		return v.s
	}
	return "\x00" + string(rune(v.kind)) + string(appendText(nil, v))
}

// linear is how many pairs are searched one by one.
const linear = 12

func (o *object) find(k value) int {
	if o.index != nil {
		if i, ok := o.index[k.id()]; ok {
			return i
		}
		return -1
	}
	for i := range o.pairs {
		if p := &o.pairs[i]; p.k.kind == k.kind && same(p.k, k) {
			return i
		}
	}
	return -1
}

func (o *object) get(k value) (value, bool) {
	if i := o.find(k); i >= 0 {
		return o.pairs[i].v, true
	}
	return value{}, false
}

func (o *object) set(k, v value) {
	if i := o.find(k); i >= 0 {
		o.pairs[i].v = v
		return
	}
	if o.index != nil {
		o.index[k.id()] = len(o.pairs)
	}
	o.pairs = append(o.pairs, pair{k, v})
	if o.index == nil && len(o.pairs) > linear {
		o.index = make(map[string]int, 2*len(o.pairs))
		for i := range o.pairs {
			o.index[o.pairs[i].k.id()] = i
		}
	}
}

func (o *object) remove(k value) (value, bool) {
	i := o.find(k)
	if i < 0 {
		return value{}, false
	}
	v := o.pairs[i].v
	o.pairs = slices.Delete(o.pairs, i, i+1)
	if o.index != nil {
		clear(o.index)
		for i := range o.pairs {
			o.index[o.pairs[i].k.id()] = i
		}
	}
	return v, true
}
