package fluent

import (
	"fmt"
	"strings"
	"testing"
)

// longConf is a configuration of about 2,000 lines.
func longConf() []byte {
	var out strings.Builder
	for i := range 200 {
		fmt.Fprintf(&out, "<match app%d.** svc%d.{a,b}>\n  @type elasticsearch\n  @id out_%d\n  host \"#{ENV['ES_HOST'] || 'es'}\"\n", i, i, i)
		out.WriteString("  logstash_format true # as everywhere\n  <buffer tag, time>\n    flush_interval 5s\n    chunk_limit_size 8MB\n  </buffer>\n</match>\n")
	}
	return []byte(out.String())
}

func BenchmarkParse2000Lines(b *testing.B) {
	data := longConf()
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := Parse("f.conf", data, options()); problems.Bad() {
			b.Fatal(problems)
		}
	}
}
