// SPDX-License-Identifier: Apache-2.0
// The hash functions behind SCRAM.

import COpenSSL

/// The hash functions behind an exchange.
struct SCRAMKeys {
    private let hash: MQTTSCRAM.Hash

    init(_ hash: MQTTSCRAM.Hash) { self.hash = hash }

    func digest(_ data: [UInt8]) throws(MQTTError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: hash.length)
        guard EVP_Digest(data, data.count, &result, nil, hash.digest, nil) == 1 else {
            throw .authentication("hashing failed")
        }
        return result
    }

    func hmac(_ key: [UInt8], _ data: [UInt8]) throws(MQTTError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: hash.length)
        guard HMAC(hash.digest, key, CInt(key.count), data, data.count, &result, nil) != nil else {
            throw .authentication("hashing failed")
        }
        return result
    }

    func saltedPassword(
        _ password: [UInt8],
        _ salt: [UInt8],
        _ iterations: Int
    ) throws(MQTTError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: hash.length)
        let code = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(password.count),
                salt,
                CInt(salt.count),
                CInt(iterations),
                hash.digest,
                CInt(hash.length),
                &result
            )
        }
        guard code == 1 else { throw .authentication("hashing failed") }
        return result
    }
}
