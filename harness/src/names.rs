//! What a check calls the things that it makes on a target.

use greenlight_reports::hex;
use sha2::{Digest as _, Sha256};

/// The smallest `max_room_name_length` that names of ours fit into; so far, what deployments were seen to set.
const NAME_BYTES_MAX: usize = 40;
/// An underscore and four letters of a hash: an id that was cut is still another one than that of its neighbour.
const END_BYTES: usize = 5;

/// `glt-<run>-<check>-<part>`. In a name that would be longer than 40 bytes the check's id is cut, as long as `suite.` and
/// something of the name stay. Where that does not help, nothing is cut: such a name is meant to be long.
pub(crate) fn name(run_id: &str, check_id: &str, part: &str) -> String {
    let around = "glt---".len() + run_id.len() + part.len();
    let free = NAME_BYTES_MAX.saturating_sub(around);
    // A later run knows by the dot that the room is of a check, and removes it.
    let least = check_id.find('.').map_or(0, |dot| dot + 2) + END_BYTES;
    let id = if (least..check_id.len()).contains(&free) { cut(check_id, free) } else { check_id.to_owned() };
    format!("glt-{run_id}-{id}-{part}")
}

fn cut(id: &str, bytes: usize) -> String {
    let sum = hex(&Sha256::digest(id));
    let beginning: String = id.chars().take(bytes - END_BYTES).collect();
    format!("{beginning}_{}", &sum[..END_BYTES - 1])
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_name_fits_into_forty_bytes_and_still_says_of_which_check_it_is() {
        assert_eq!(name("k3f9x", "api.full_room", "room"), "glt-k3f9x-api.full_room-room");
        // printf auth.expired_token_refused | sha256sum
        let cut = name("k3f9x", "auth.expired_token_refused", "room");
        assert_eq!(cut, "glt-k3f9x-auth.expired_token_r_d068-room");
        assert_eq!(cut.len(), 40);
        // Two that begin alike are two.
        assert_ne!(name("k3f9x", "auth.expired_token_refused_too", "room"), cut);
    }

    #[test]
    fn what_is_long_on_purpose_stays_so() {
        let part = "x".repeat(200);
        assert_eq!(name("k3f9x", "api.name_limit", &part), format!("glt-k3f9x-api.name_limit-{part}"));
        // Neither is a suite: `infrastructure.` alone would be no check, and nobody would remove its room.
        let part = "a-room-of-a-node";
        assert_eq!(name("k3f9x", "infrastructure.dns", part), format!("glt-k3f9x-infrastructure.dns-{part}"));
    }
}
