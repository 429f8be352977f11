/// As many bytes as libcrypto was asked for; nil where it gave none.
func filled(_ byteCount: Int, _ fill: (UnsafeMutablePointer<UInt8>?) -> Bool) -> [UInt8]? {
    var isFilled = false
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
        isFilled = fill(buffer.baseAddress)
        count = isFilled ? byteCount : 0
    }
    return isFilled ? bytes : nil
}
