package export

import (
	"encoding/binary"
	"strings"
)

// protobufType is what a Prometheus that keeps native histograms asks for.
const protobufType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

// appendProtobuf writes metrics as io.prometheus.client has them, each with its
// length before it; distributions in classic and native buckets.
func appendProtobuf(b []byte, families []family) []byte {
	for _, f := range families {
		m := message(nil).text(1, f.name).text(2, f.help).number(3, [...]uint64{0, 1, 4}[f.kind])
		for _, s := range f.series {
			m = m.part(4, s.protobuf(f.kind))
		}
		b = append(binary.AppendUvarint(b, uint64(len(m))), m...)
	}
	return b
}

func (s series) protobuf(k kind) (m message) {
	for _, l := range s.labels {
		m = m.part(1, l.protobuf())
	}
	switch k {
	case counter:
		return m.part(3, message(nil).double(1, float64(s.count)))
	case gauge:
		return m.part(2, message(nil).double(1, s.value))
	}
	return m.part(7, s.times.protobuf())
}

// protobuf is a LabelPair, or a Label of remote write.
func (l label) protobuf() message {
	return message(nil).text(1, l.name).text(2, strings.ToValidUTF8(l.value, "\uFFFD"))
}

func (d *distribution) protobuf() message {
	m := message(nil).number(1, d.count).double(2, d.sum())
	for bound, count := range d.upTo {
		m = m.part(3, message(nil).number(1, count).double(2, bound))
	}
	spans, deltas := d.spans()
	m = m.signed(5, schema).double(6, zeroUpTo).number(7, d.zero).spans(12, spans)
	return m.deltas(13, deltas)
}
