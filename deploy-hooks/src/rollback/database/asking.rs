//! Whoever asks the server for a restore: one session for all of a command.

use super::tools::Tools;
use crate::rollback::site::Site;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

/// In a journal that is read again it is nobody yet.
#[derive(Clone, Default)]
pub(super) struct Asking(Rc<OnceCell<Tools>>);

impl Asking {
    /// These tools.
    pub(super) fn by(tools: Tools) -> Self {
        Self(Rc::new(OnceCell::from(tools)))
    }

    /// The same ones from the first question on.
    ///
    /// # Errors
    /// As [`Tools::of_restore`].
    pub(super) fn of(&self, site: &Site) -> Result<&Tools, String> {
        if self.0.get().is_none() {
            let _ = self.0.set(Tools::of_restore(site).map_err(|failure| failure.message)?);
        }
        self.0.get().ok_or_else(|| "nobody can ask the database".to_owned())
    }
}

/// No part of what is exchanged.
impl PartialEq for Asking {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Asking {}

impl fmt::Debug for Asking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Asking")
    }
}
