// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_password.h: the text forms and their verification.

import CMosquitto
import CommonLibrary
import CommonPasswords
import Testing

@Suite struct PasswordFunctionTests {
    private static let refused = MOSQ_ERR_AUTH.rawValue

    @Test(
        "Known hashes of a known password are verified",
        arguments: [
            "$6$AAECAwQFBgcICQoL$JqsxEv/ucyxjA5DKsQ+Y8CDWaQDNQI9FpAkmfwAqWfwZLk/JEGgM0EpylrJHAZKKyFQjJeZ3nFaHjPzOzPPmPw==",
            "$6$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$wEYf8F4/yHDmlCt3YmMXwFi//Ux0IOce8NucN+r/9QAuqoVaYz7SU9131YSsyqLHn9NUpM/F4yTaDANhOFpYTQ==",
            "$7$101$AAECAwQFBgcICQoL$Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJNBvA+By+TXUqU6qCblO00w==",
            "$7$1000$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$j5aX3DstWRgO5cjjfvKvsf7Z/KK812T4wGDMih+DCHQg8P7++fmj4sZcMp1smkEafZL0QZ29tE5ezahL/nyffw==",
        ]
    )
    func knownHashes(encoded: String) {
        var pw: OpaquePointer?
        #expect(mosquitto_pw_new(&pw, MOSQ_PW_DEFAULT) == 0)
        defer { mosquitto_pw_cleanup(pw) }
        #expect(!mosquitto_pw_is_valid(pw))
        #expect(mosquitto_pw_verify(pw, "secret") == Self.refused)
        #expect(mosquitto_pw_decode(pw, encoded) == 0)
        #expect(mosquitto_pw_is_valid(pw))
        #expect(mosquitto_pw_verify(pw, "secret") == 0)
        #expect(mosquitto_pw_verify(pw, "secreT") == Self.refused)
        #expect(mosquitto_pw_verify(pw, "") == Self.refused)
        #expect(mosquitto_pw_verify(pw, nil) == Self.refused)
        #expect(String(cString: mosquitto_pw_get_encoded(pw)) == encoded)
        mosquitto_pw_set_valid(pw, false)
        #expect(mosquitto_pw_verify(pw, "secret") == Self.refused)
    }

    @Test(
        "A new hash has its form, is verified, and decodes again",
        arguments: [
            (MOSQ_PW_DEFAULT, "$7$1000$"), (MOSQ_PW_SHA512_PBKDF2, "$7$1000$"),
            (MOSQ_PW_SHA512, "$6$"), (MOSQ_PW_ARGON2ID, "$argon2id$v=19$m=47104,t=1,p=1$"),
        ]
    )
    func newHashes(type: mosquitto_pwhash_type, prefix: String) {
        var (first, second): (OpaquePointer?, OpaquePointer?)
        #expect(mosquitto_pw_new(&first, type) == 0)
        #expect(mosquitto_pw_new(&second, MOSQ_PW_DEFAULT) == 0)
        defer {
            mosquitto_pw_cleanup(first)
            mosquitto_pw_cleanup(second)
        }
        #expect(mosquitto_pw_get_encoded(first) == nil)
        #expect(mosquitto_pw_hash_encoded(first, "pass word") == 0)
        let encoded = String(cString: mosquitto_pw_get_encoded(first))
        #expect(encoded.hasPrefix(prefix))
        #expect(mosquitto_pw_verify(first, "pass word") == 0)
        #expect(mosquitto_pw_decode(second, encoded) == 0)
        #expect(mosquitto_pw_verify(second, "pass word") == 0)
        #expect(mosquitto_pw_verify(second, "pass") == Self.refused)
        #expect(mosquitto_pw_hash_encoded(first, "pass word") == 0)
        #expect(String(cString: mosquitto_pw_get_encoded(first)) != encoded)
    }

    @Test(
        "What is no hash is refused",
        arguments: [
            "", "plain", "$", "$6$", "$6$$", "$7$1000$AAECAwQFBgcICQoL", "$5$AAECAwQFBgcICQoL$AAAA",
            "$6$AAECAwQFBgcICQoL$AAAA",
            "$7$0$AAECAwQFBgcICQoL$"
                + "Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJNBvA+By+TXUqU6qCblO00w==",
            "$7$101$AAEC$"
                + "Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJNBvA+By+TXUqU6qCblO00w==",
            "$argon2id$v=19",
        ]
    )
    func malformed(encoded: String) {
        var pw: OpaquePointer?
        #expect(mosquitto_pw_new(&pw, MOSQ_PW_DEFAULT) == 0)
        defer { mosquitto_pw_cleanup(pw) }
        #expect(mosquitto_pw_decode(pw, encoded) == MOSQ_ERR_INVAL.rawValue)
        #expect(!mosquitto_pw_is_valid(pw))
    }

    @Test("Iterations are a parameter of PBKDF2 alone")
    func iterations() {
        let parameter = CInt(MOSQ_PW_PARAM_ITERATIONS.rawValue)
        var (pbkdf2, sha512): (OpaquePointer?, OpaquePointer?)
        #expect(mosquitto_pw_new(&pbkdf2, MOSQ_PW_SHA512_PBKDF2) == 0)
        #expect(mosquitto_pw_new(&sha512, MOSQ_PW_SHA512) == 0)
        defer {
            mosquitto_pw_cleanup(pbkdf2)
            mosquitto_pw_cleanup(sha512)
        }
        #expect(mosquitto_pw_set_param(pbkdf2, parameter, 7) == 0)
        #expect(mosquitto_pw_set_param(pbkdf2, 99, 7) == 0)
        #expect(mosquitto_pw_set_param(sha512, parameter, 7) == MOSQ_ERR_INVAL.rawValue)
        #expect(mosquitto_pw_hash_encoded(pbkdf2, "a") == 0)
        #expect(String(cString: mosquitto_pw_get_encoded(pbkdf2)).hasPrefix("$7$7$"))
        // They count for what is there already, too.
        #expect(mosquitto_pw_verify(pbkdf2, "a") == 0)
        for (value, code) in [(8, MOSQ_ERR_AUTH.rawValue), (0, MOSQ_ERR_AUTH.rawValue), (7, 0)] {
            #expect(mosquitto_pw_set_param(pbkdf2, parameter, CInt(value)) == 0)
            #expect(mosquitto_pw_verify(pbkdf2, "a") == code)
        }
    }
}
