//! A participant whose peer connection the server counts as active.
