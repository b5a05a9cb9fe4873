package inflate

// header reads a block's header, tables included, and sets the phase.
func (d *Decoder) header() status {
	d.refill()
	if d.n < 3 {
		return short
	}
	d.final = d.take(1) == 1
	switch d.take(2) {
	case 0:
		return d.storedHeader()
	case 1:
		d.phase = inHuffman
		return d.fixedTables()
	case 2:
		d.phase = inHuffman
		return d.dynamicTables()
	}
	return corrupt
}

func (d *Decoder) storedHeader() status {
	d.unread()
	if len(d.src)-d.in < 4 {
		return short
	}
	b := d.src[d.in:]
	n, check := uint16(b[0])|uint16(b[1])<<8, uint16(b[2])|uint16(b[3])<<8
	if n != ^check {
		return corrupt
	}
	d.in += 4
	d.stored, d.phase = int(n), inStored
	return more
}

func (d *Decoder) fixedTables() status {
	if d.fixed {
		return more
	}
	for i := range maxLit {
		switch {
		case i < 144:
			d.lens[i] = 8
		case i < 256:
			d.lens[i] = 9
		case i < 280:
			d.lens[i] = 7
		default:
			d.lens[i] = 8
		}
	}
	for i := range maxDist {
		d.lens[maxLit+i] = 5
	}
	d.fixed = true
	d.build(d.lit[:], litBits, d.lens[:maxLit], &litResults)
	d.build(d.dist[:], distBits, d.lens[maxLit:], &distResults)
	return more
}

// preOrder is the order in which the lengths of the code length code are sent.
var preOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func (d *Decoder) dynamicTables() status {
	d.fixed = false
	d.refill()
	if d.n < 14 {
		return short
	}
	lits, dists, pres := d.take(5)+257, d.take(5)+1, d.take(4)+4
	if lits > 286 || dists > 30 {
		return corrupt
	}
	var preLens [19]uint8
	for _, i := range preOrder[:pres] {
		d.refill()
		if d.n < 3 {
			return short
		}
		preLens[i] = uint8(d.take(3))
	}
	if !d.build(d.pre[:], preBits, preLens[:], &preResults) {
		return corrupt
	}
	if st := d.codeLengths(d.lens[:lits+dists]); st != more {
		return st
	}
	if !d.build(d.lit[:], litBits, d.lens[:lits], &litResults) ||
		!d.build(d.dist[:], distBits, d.lens[lits:lits+dists], &distResults) {
		return corrupt
	}
	return more
}

// codeLengths reads the lengths of both codes, run-length coded as one list.
func (d *Decoder) codeLengths(lens []uint8) status {
	for i := 0; i < len(lens); {
		d.refill()
		e := d.pre[d.buf&(preSize-1)]
		switch {
		case e&exceptional != 0:
			if d.n < preBits {
				return short
			}
			return corrupt
		case uint(e&0xff) > d.n:
			return short
		}
		extra := uint(d.buf) & (1<<(e&0x3f) - 1) >> (e >> 8 & 0xf)
		d.take(uint(e & 0xff))
		sym := uint8(e >> 16)
		if sym < 16 {
			lens[i] = sym
			i++
			continue
		}
		value, run := uint8(0), int(extra)+3
		switch sym {
		case 16: // repeat the length before
			if i == 0 {
				return corrupt
			}
			value = lens[i-1]
		case 18:
			run += 8
		}
		if run > len(lens)-i {
			return corrupt
		}
		for range run {
			lens[i] = value
			i++
		}
	}
	return more
}
