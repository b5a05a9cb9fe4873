#include "textflag.h"
#include "go_asm.h"

// REFILL tops BX up to 56 bits at least; see symbols.go. What CX has above its
// low six bits is garbage and stays so: shifts look at these only.
#define REFILL(tmp) \
	MOVQ  (SI), tmp;     \
	SHLXQ CX, tmp, tmp;  \
	ORQ   tmp, BX;       \
	MOVL  CX, tmp;       \
	SHRL  $3, tmp;       \
	ANDL  $7, tmp;       \
	ADDQ  $7, SI;        \
	SUBQ  tmp, SI;       \
	ORL   $56, CX

// LITERAL writes the literal of the entry R13 and takes its code away.
#define LITERAL \
	SHRXQ R13, BX, BX;  \
	SUBL  R13, CX;      \
	SHRL  $16, R13;     \
	MOVB  R13, (DI);    \
	INCQ  DI

#define LOOKUP(mask, table, tmp) \
	MOVL BX, tmp;              \
	ANDL $mask, tmp;           \
	MOVL (table)(tmp*4), R13

// VALUE makes dst the base and the extra bits of the entry R13, and takes its
// code away. BZHI and SHRX look at the low byte, and at six bits of it.
#define VALUE(dst, tmp) \
	BZHIQ R13, BX, dst;   \
	MOVL  R13, tmp;       \
	SHRL  $8, tmp;        \
	SHRXQ tmp, dst, dst;  \
	SHRXQ R13, BX, BX;    \
	SUBL  R13, CX;        \
	SHRL  $16, R13;       \
	ADDL  R13, dst

// SUBTABLE follows the entry R13 from a table of bits bits and size entries.
#define SUBTABLE(bits, size, table) \
	SHRQ  $bits, BX;          \
	SUBL  $bits, CX;          \
	MOVL  R13, DX;            \
	SHRL  $8, DX;             \
	ANDL  $15, DX;            \
	BZHIQ DX, BX, DX;         \
	SHRL  $16, R13;           \
	ADDL  R13, DX;            \
	CMPL  DX, $size;          \
	JAE   corrupt;            \
	MOVL  (table)(DX*4), R13

// func fastBMI2(d *Decoder, lastIn, lastOut int) status
//
//	AX  length            SI  next byte of src   R10 last SI
//	BX  bits              DI  end of output      R11 last DI
//	CX  how many          R8  d.lit              R12 d.out[d.floor:]
//	DX  distance          R9  d.dist             R13 entry of a table
//
// The entry of the next symbol is looked up before the refill, which then keeps
// nobody waiting: a tenth of the time.
TEXT ·fastBMI2(SB), NOSPLIT, $0-25
	MOVQ d+0(FP), R15
	MOVQ Decoder_src(R15), SI
	MOVQ lastIn+8(FP), R10
	ADDQ SI, R10
	ADDQ Decoder_in(R15), SI
	MOVQ Decoder_out(R15), DI
	MOVQ lastOut+16(FP), R11
	ADDQ DI, R11
	MOVQ Decoder_floor(R15), R12
	ADDQ DI, R12
	ADDQ Decoder_pos(R15), DI
	MOVQ Decoder_buf(R15), BX
	MOVQ Decoder_n(R15), CX
	LEAQ Decoder_lit(R15), R8
	LEAQ Decoder_dist(R15), R9

	REFILL(AX)
	LOOKUP(2047, R8, AX)

	PCALIGN $32
loop:
	CMPQ SI, R10
	JA   more
	CMPQ DI, R11
	JA   more
	// 56 bits: three literals out of the first table (11 each) and the look for
	// what is next, or two and a length (15 and 5) and the look for its distance.
	TESTL R13, R13
	JNS   symbol
	LITERAL
	LOOKUP(2047, R8, AX)
	TESTL R13, R13
	JNS   symbol
	LITERAL
	LOOKUP(2047, R8, AX)
	TESTL R13, R13
	JNS   symbol

lastLiteral:
	LITERAL
	LOOKUP(2047, R8, AX)
	REFILL(AX)
	JMP loop

symbol:
	TESTL $const_exceptional, R13
	JNZ   rareSymbol

length:
	VALUE(AX, DX)
	LOOKUP(255, R9, DX)
	// A distance of the first table (8 and 13), and the look for what is next.
	CMPB CX, $32
	JB   topUp

toppedUp:
	TESTL $const_exceptional, R13
	JNZ   rareDistance

distance:
	VALUE(DX, R15)
	MOVQ DI, R15
	SUBQ R12, R15
	CMPQ DX, R15
	JA   corrupt
	LOOKUP(2047, R8, R14)
	REFILL(R14)
	MOVQ DI, R15
	SUBQ DX, R15
	CMPQ DX, $16
	JB   repeat

	// As much as nearly all matches are long: a branch that is guessed wrong
	// takes longer than all of these.
	MOVUPS (R15), X0
	MOVUPS X0, (DI)
	MOVUPS 16(R15), X0
	MOVUPS X0, 16(DI)
	MOVUPS 32(R15), X0
	MOVUPS X0, 32(DI)
	CMPL  AX, $48
	JBE   copied
	MOVL  $48, R14

copy:
	MOVUPS (R15)(R14*1), X0
	MOVUPS X0, (DI)(R14*1)
	ADDL  $16, R14
	CMPL  R14, AX
	JB    copy

copied:
	ADDQ AX, DI
	JMP  loop

repeat:
	LEAQ (DI)(AX*1), AX // the end
	CMPQ DX, $1
	JEQ  run
	CMPQ DX, $8
	JB   step
	MOVL $8, DX

step:
	// Of each word as much is right as the period is long; the rest is written
	// over by the next.
	MOVQ (R15), R14
	MOVQ R14, (DI)
	ADDQ DX, R15
	ADDQ DX, DI
	CMPQ DI, AX
	JB   step
	MOVQ AX, DI
	JMP  loop

run:
	MOVBLZX (R15), R14
	MOVQ    $0x0101010101010101, R15
	IMULQ   R15, R14

runStep:
	MOVQ R14, (DI)
	ADDQ $8, DI
	CMPQ DI, AX
	JB   runStep
	MOVQ AX, DI
	JMP  loop

rareSymbol:
	TESTL $const_subtable, R13
	JZ    noSymbol
	SUBTABLE(const_litBits, const_litSize, R8)
	TESTL $const_exceptional, R13
	JNZ   noSymbol
	TESTL R13, R13
	JNS   length
	JMP   lastLiteral

topUp:
	REFILL(DX)
	JMP toppedUp

noSymbol:
	TESTL $const_endOfBlock, R13
	JZ    corrupt
	SHRXQ R13, BX, BX
	SUBL  R13, CX
	MOVQ  d+0(FP), R15
	MOVB  $const_atBlock, Decoder_phase(R15)
	JMP   more

rareDistance:
	TESTL $const_subtable, R13
	JZ    corrupt
	REFILL(DX)
	SUBTABLE(const_distBits, const_distSize, R9)
	TESTL $const_exceptional, R13
	JZ    distance

corrupt:
	MOVB $const_corrupt, ret+24(FP)
	JMP  end

more:
	MOVB $const_more, ret+24(FP)

end:
	MOVQ d+0(FP), R15
	SUBQ Decoder_src(R15), SI
	MOVQ SI, Decoder_in(R15)
	SUBQ Decoder_out(R15), DI
	MOVQ DI, Decoder_pos(R15)
	MOVQ BX, Decoder_buf(R15)
	ANDL $63, CX
	MOVQ CX, Decoder_n(R15)
	RET
