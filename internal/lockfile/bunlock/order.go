package bunlock

import (
	"encoding/binary"
	"math/bits"
)

// Trusted and patched packages stand in the file in the order in which they lie in
// bun's hash table: its slots are found with two generations of wyhash, the older one
// of the text, the newer one of that number, and a taken slot means the next one.

// slotOrder puts texts, without repeats and in the order in which bun meets them, into
// that order. The table was made for size of them.
func slotOrder(texts []string, size int) []string {
	capacity := 8 // the smallest
	for capacity < size*100/80+1 {
		capacity *= 2
	}
	table := make([]string, capacity)
	for _, text := range texts {
		slot := hashNumber(hashText(text)) & uint64(capacity-1)
		for table[slot] != "" {
			slot = (slot + 1) & uint64(capacity-1)
		}
		table[slot] = text
	}
	out := make([]string, 0, len(texts))
	for _, text := range table {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

// primes are the constants of wyhash.
var primes = [...]uint64{0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3, 0x1d8e4e27c47d124f}

func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// hashNumber is wyhash 4.2 of the eight bytes of a number.
func hashNumber(n uint64) uint64 {
	seed := fold(primes[0], primes[1])
	low, high := n&0xffffffff, n>>32
	b, a := bits.Mul64((low<<32|high)^primes[1], (high<<32|low)^seed)
	return fold(a^primes[0]^8, b^primes[1])
}

// hashText is the wyhash that Zig 0.11 had.
func hashText(text string) uint64 {
	var seed uint64
	data := []byte(text)
	for len(data) >= 32 {
		seed = first(number(data[:8]), number(data[8:16]), seed) ^ second(number(data[16:24]), number(data[24:32]), seed)
		data = data[32:]
	}
	switch n := len(data); {
	case n == 0:
	case n <= 8:
		seed = first(tail(data), primes[4], seed)
	case n <= 16:
		seed = first(swapped(data), tail(data[8:]), seed)
	case n <= 24:
		seed = first(swapped(data), swapped(data[8:]), seed) ^ second(tail(data[16:]), primes[4], seed)
	default:
		seed = first(swapped(data), swapped(data[8:]), seed) ^ second(swapped(data[16:]), tail(data[24:]), seed)
	}
	return fold(seed^uint64(len(text)), primes[4])
}

func first(a, b, seed uint64) uint64  { return fold(a^seed^primes[0], b^seed^primes[1]) }
func second(a, b, seed uint64) uint64 { return fold(a^seed^primes[2], b^seed^primes[3]) }

func number(b []byte) uint64  { return binary.LittleEndian.Uint64(b) }
func swapped(b []byte) uint64 { return bits.RotateLeft64(number(b), 32) }

// tail reads one to eight bytes as that wyhash does: four, two and one at a time.
func tail(b []byte) uint64 {
	if len(b) == 8 {
		return swapped(b)
	}
	var n uint64
	for _, size := range []int{4, 2, 1} {
		if len(b) < size {
			continue
		}
		var part uint64
		for i := range size {
			part |= uint64(b[i]) << (8 * i)
		}
		n, b = n<<(8*size)|part, b[size:]
	}
	return n
}
