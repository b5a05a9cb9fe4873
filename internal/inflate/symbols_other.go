//go:build !amd64

package inflate

func (d *Decoder) fast() status { return d.portable() }
