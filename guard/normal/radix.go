package normal

// The decoders of runs append to dst what s encodes. ok is false if s is not
// of their kind; a last character that makes no whole byte is dropped.

var sixBits = func() (t [256]uint8) {
	for i := range t {
		t[i] = 0xFF
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i := range len(alphabet) {
		t[alphabet[i]] = uint8(i)
	}
	t['+'], t['-'], t['/'], t['_'] = 62, 62, 63, 63
	return t
}()

func fromBase64(dst []byte, s string) ([]byte, bool) {
	i := 0
	for ; i+4 <= len(s); i += 4 {
		a, b, c, d := sixBits[s[i]], sixBits[s[i+1]], sixBits[s[i+2]], sixBits[s[i+3]]
		if (a|b|c|d)>>6 != 0 {
			return dst, false
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	var value uint32
	bits := 0
	for ; i < len(s); i++ {
		v := sixBits[s[i]]
		if v == 0xFF {
			return dst, false
		}
		value = value<<6 | uint32(v)
		if bits += 6; bits >= 8 {
			bits -= 8
			dst = append(dst, byte(value>>bits))
		}
	}
	return dst, true
}

func fromTurned64(dst []byte, s string) ([]byte, bool) {
	turned := make([]byte, len(s))
	for i := range len(s) {
		turned[len(s)-1-i] = s[i]
	}
	return fromBase64(dst, string(turned))
}

func fromBase32(dst []byte, s string) ([]byte, bool) {
	var value uint32
	bits := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '2' && c <= '7':
			c = c - '2' + 26
		case class[c]&cLetter != 0:
			c = c | 0x20 - 'a'
		default:
			return dst, false
		}
		value = value<<5 | uint32(c)
		if bits += 5; bits >= 8 {
			bits -= 8
			dst = append(dst, byte(value>>bits))
		}
	}
	return dst, true
}

// hexValue returns the value of a hexadecimal digit, or 16 and more.
func hexValue(c byte) byte { return hexValues[c] }

var hexValues = func() (t [256]uint8) {
	for i := range t {
		t[i] = 16
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()

func fromHex(dst []byte, s string) ([]byte, bool) {
	for i := 0; i+1 < len(s); i += 2 {
		hi, lo := hexValue(s[i]), hexValue(s[i+1])
		if hi > 15 || lo > 15 {
			return dst, false
		}
		dst = append(dst, hi<<4|lo)
	}
	return dst, true
}

func fromBinary(dst []byte, s string) ([]byte, bool) {
	for i := 0; i+8 <= len(s); i += 8 {
		var v byte
		for j := range 8 {
			v = v<<1 | (s[i+j] - '0')
		}
		dst = append(dst, v)
	}
	return dst, true
}
