/// The digit of 0 to 15, in capitals as RFC 2045 and RFC 3986 want them.
package func hexadecimal(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
}
