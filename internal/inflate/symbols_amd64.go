package inflate

import "golang.org/x/sys/cpu"

// fastBMI2 is portable in machine code, for processors that shift by any
// register (since 2013). It keeps in registers what the compiler stores and loads
// again for each match, some ten values. It stops behind lastIn and lastOut, and
// may read inSlack bytes of src further on and write outSlack bytes of out.
//
//go:noescape
func fastBMI2(d *Decoder, lastIn, lastOut int) status

// stretch bounds how much is written until the collector may stop the
// goroutine, which it cannot in machine code: a third of a millisecond.
const stretch = 256 << 10

func (d *Decoder) fast() status {
	if d.plain || !cpu.X86.HasBMI2 {
		return d.portable()
	}
	for {
		lastIn, lastOut := len(d.src)-inSlack, len(d.out)-outSlack
		if d.in > lastIn || d.pos > lastOut {
			return more
		}
		if st := fastBMI2(d, lastIn, min(lastOut, d.pos+stretch)); st != more || d.phase != inHuffman {
			return st
		}
	}
}
