//! What the linter can't read in the text. Whatever is absent is not judged.

/// What the linter may know beside the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// CPUs of the machine that the server runs on. Absent: ports per CPU are not judged.
    pub cpus: Option<usize>,
    /// The time, in seconds since 1970. Absent: nobody's certificate is called expired.
    pub today_unix_s: Option<u64>,
    /// Permission bits of the file behind `key_file`, such as `0o640`. Absent: not judged.
    pub key_file_mode: Option<u32>,
    /// The certificates that the configuration names. A path that is not in here is not judged.
    pub certificates: Vec<CertificateFacts>,
    /// Texts of files by their paths relative to the folder of this text: a configuration that a compose file mounts. A file
    /// that is not in here is not judged.
    pub files: Vec<(String, String)>,
    /// Whether the server is also given a configuration file. Absent: not judged.
    pub config_file_present: Option<bool>,
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The path, as written in the configuration.
    pub path: String,
    /// The DNS names that it is good for; `*.` stands for one label.
    pub dns_names: Vec<String>,
    /// The last second at which it is valid, in seconds since 1970.
    pub not_after_unix_s: u64,
}
