//! User names of the embedded TURN server: they say until when the credentials are good.

/// The order of base62 digits in livekit-server 1.13.5 (jxskiss/base62).
const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The second since 1970 after which these TURN credentials are good for nothing; none if the name has another form,
/// as those of a TURN server outside have.
pub fn turn_expiry(username: &str) -> Option<u64> {
    let decoded = String::from_utf8(base62(username)?).ok()?;
    let [_key, _participant, expiry] = decoded.split('|').collect::<Vec<_>>()[..] else {
        return None;
    };
    expiry.parse().ok()
}

/// Six bits a digit from the end of the text on; the digits 30 and 31 are five bits, since 62 and 63 do not exist.
fn base62(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut decoded) = (0_u32, 0, Vec::new());
    for (place, letter) in text.bytes().enumerate() {
        let digit = DIGITS.iter().position(|known| *known == letter)?;
        let short = digit & 0x1E == 0x1E && place + 1 < text.len();
        bits |= u32::try_from(digit).ok()? << count;
        count += if short { 5 } else { 6 };
        while count >= 8 {
            decoded.push(u8::try_from(bits & 0xFF).ok()?);
            bits >>= 8;
            count -= 8;
        }
    }
    decoded.reverse();
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::{base62, turn_expiry};

    /// Written by jxskiss/base62 v1.1.0, the library of livekit-server 1.13.5.
    #[test]
    fn names_of_the_servers_library_are_read() {
        let name = "wADNwcDOzYzNxwHZI5mSrhnYLNkb1E3XBBFfoZGyGTmYELskgKI";
        assert_eq!(base62(name).as_deref(), Some(&b"APIab12cd34|PA_q5nCKbxkJnHd|1763870400"[..]));
        assert_eq!(turn_expiry(name), Some(1_763_870_400));
        assert_eq!(turn_expiry("wIDf8zPf9VQQxHeSCqgA"), Some(20), "with digits of five bits");
        assert_eq!(base62("eTP9A").as_deref(), Some(&b"zz~"[..]), "a first byte that fills its last digit");
    }

    #[test]
    fn other_names_are_none() {
        for other in ["", "u", "1763870400:PA_1", "eTP9A"] {
            assert_eq!(turn_expiry(other), None, "{other}");
        }
    }
}
