//! Says a recording again, and compares what comes back.
