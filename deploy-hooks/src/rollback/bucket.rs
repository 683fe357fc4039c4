//! Points in a bucket of S3's protocol. What is uploaded is encrypted before it leaves this process; a point is there when
//! its manifest is, which comes last.

use super::writer::Out;
use crate::failure::Failure;
use futures_util::TryStreamExt as _;
use greenlight_reports::Exit;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore as _, ObjectStoreExt as _, PutMode, RetryConfig, WriteMultipart,
};
use std::fs::File;
use std::future::Future;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a store in a bucket is named.
pub(super) const SCHEME: &str = "s3://";
/// S3 takes parts of 5 MiB and more, and 10,000 of them: archives of up to 156 GiB.
const PART_BYTES: usize = 16 << 20;
/// Parts on their way at a time: with what waits, all that is in memory.
const PARTS_AT_ONCE: usize = 3;
/// Buffers between whoever encrypts and whoever uploads.
const WAITING_MAX: usize = 64;
const RETRIES_MAX: usize = 5;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of one request: a part, or a whole archive that is fetched.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3600);
/// A secret that the protocol's own tools read under this name.
pub(super) const SECRETS: [&str; 2] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// A bucket, and the folder in it.
#[derive(Clone)]
pub(super) struct Bucket {
    store: Arc<AmazonS3>,
    prefix: Key,
    shown: String,
}

impl Bucket {
    /// Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT and AWS_ALLOW_HTTP. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Failure`] of usage: it is no address of a bucket, or who asks is not known.
    pub(super) fn open(url: &str) -> Result<Self, Failure> {
        let usage = |what: String| Failure::usage(format!("{url} is no store: {what}"));
        let (name, prefix) = url.trim_start_matches(SCHEME).split_once('/').unwrap_or((&url[SCHEME.len()..], ""));
        if name.is_empty() {
            return Err(usage("write s3://bucket/prefix".to_owned()));
        }
        // Without a key the library would ask a machine of Amazon's, for minutes.
        if ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].iter().any(|name| std::env::var_os(name).is_none()) {
            return Err(usage(
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT where it is not Amazon's".to_owned(),
            ));
        }
        crate::process::keep_secret(SECRETS);
        let retry =
            RetryConfig { max_retries: RETRIES_MAX, retry_timeout: RETRY_TIMEOUT, backoff: BackoffConfig::default() };
        let allow_http = std::env::var("AWS_ALLOW_HTTP").is_ok_and(|value| value == "true");
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(REQUEST_TIMEOUT)
            .with_allow_http(allow_http);
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(name)
            .with_retry(retry)
            .with_client_options(client)
            .build()
            .map_err(|error| usage(error.to_string()))?;
        let prefix = Key::parse(prefix.trim_matches('/')).map_err(|error| usage(error.to_string()))?;
        Ok(Self { store: Arc::new(store), prefix, shown: url.to_owned() })
    }

    /// As it was named.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The names of all points: of everything that has a manifest.
    ///
    /// # Errors
    /// [`Failure`]: it does not answer.
    pub(super) fn names(&self, manifest: &str) -> Result<Vec<String>, Failure> {
        let listed = self.wait(self.store.list(Some(&self.prefix)).try_collect::<Vec<_>>())?;
        let name = |key: &Key| {
            let below: Vec<String> = key.prefix_match(&self.prefix)?.map(|part| part.as_ref().to_owned()).collect();
            matches!(&below[..], [_, file] if file == manifest).then(|| below[0].clone())
        };
        let mut names: Vec<String> = listed.iter().filter_map(|object| name(&object.location)).collect();
        names.sort();
        Ok(names)
    }

    /// Brings a file of a point here, for its owner only. `false` says that there is none.
    ///
    /// # Errors
    /// [`Failure`]: it does not answer, or there is no room for it here.
    pub(super) fn fetch(&self, point: &str, file: &str, to: &Path) -> Result<bool, Failure> {
        let key = self.key(point, file);
        let fetched = async {
            let mut stream = match self.store.get(&key).await {
                Err(object_store::Error::NotFound { .. }) => return Ok(false),
                other => other?.into_stream(),
            };
            let unwritten =
                |error: io::Error| object_store::Error::Generic { store: "this machine", source: error.into() };
            let mut out =
                File::options().write(true).create(true).truncate(true).mode(0o600).open(to).map_err(unwritten)?;
            while let Some(bytes) = stream.try_next().await? {
                out.write_all(&bytes).map_err(unwritten)?;
            }
            Ok(true)
        };
        self.wait(fetched)
    }

    /// How long a file of a point is, if it is there.
    ///
    /// # Errors
    /// [`Failure`]: it does not answer.
    pub(super) fn length(&self, point: &str, file: &str) -> Result<Option<u64>, Failure> {
        self.wait(async {
            match self.store.head(&self.key(point, file)).await {
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                other => other.map(|object| Some(object.size)),
            }
        })
    }

    /// Puts a small file of a point there.
    ///
    /// # Errors
    /// [`Failure`]: it does not answer, or one of that name is there and must not be replaced.
    pub(super) fn put(&self, point: &str, file: &str, bytes: &[u8], only_new: bool) -> Result<(), Failure> {
        let mode = if only_new { PutMode::Create } else { PutMode::Overwrite };
        self.wait(self.store.put_opts(&self.key(point, file), bytes.to_vec().into(), mode.into())).map(drop)
    }

    /// Removes one file of a point.
    ///
    /// # Errors
    /// [`Failure`]: it does not answer.
    pub(super) fn remove_file(&self, point: &str, file: &str) -> Result<(), Failure> {
        self.wait(async {
            match self.store.delete(&self.key(point, file)).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                other => other,
            }
        })
    }

    /// Removes a point: the manifest first, so that half a point is none.
    ///
    /// # Errors
    /// [`Failure`]: it does not answer.
    pub(super) fn remove(&self, point: &str, manifest: &str) -> Result<(), Failure> {
        let gone = |result: object_store::Result<()>| match result {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => other,
        };
        self.wait(async {
            gone(self.store.delete(&self.key(point, manifest)).await)?;
            let objects: Vec<_> = self.store.list(Some(&self.prefix.clone().join(point))).try_collect().await?;
            for object in objects {
                gone(self.store.delete(&object.location).await)?;
            }
            Ok(())
        })
    }

    /// Where an archive goes.
    ///
    /// # Errors
    /// [`Failure`]: no thread can be started for it.
    pub(super) fn out(&self, point: &str, file: &str) -> Result<Box<dyn Out>, Failure> {
        let (to, from) = sync_channel(WAITING_MAX);
        let (store, key) = (self.store.clone(), self.key(point, file));
        let thread = std::thread::Builder::new().name("upload".into()).spawn(move || upload(&store, &key, &from));
        let thread = thread.map_err(|error| Failure::unknown(format!("no thread to upload with: {error}")))?;
        Ok(Box::new(Upload { to: Some(to), thread: Some(thread) }))
    }

    fn key(&self, point: &str, file: &str) -> Key {
        self.prefix.clone().join(point).join(file)
    }

    /// On a thread of its own: whoever calls may stand within a runtime.
    fn wait<T: Send>(&self, what: impl Future<Output = object_store::Result<T>> + Send) -> Result<T, Failure> {
        let failed = |what: &dyn std::fmt::Display| {
            Failure::new(
                Exit::Unreachable,
                format!(
                    "the store {} does not do it: {what}; look at AWS_ENDPOINT, the bucket and the key's rights",
                    self.shown
                ),
            )
        };
        let waited = std::thread::scope(|scope| scope.spawn(|| Ok::<_, io::Error>(runtime()?.block_on(what))).join());
        let answered = waited.map_err(|_| failed(&"the client of the store has panicked"))?;
        answered.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// An archive on its way. Dropped before its end, nothing of it is ever seen in the bucket.
struct Upload {
    to: Option<SyncSender<Vec<u8>>>,
    thread: Option<JoinHandle<object_store::Result<()>>>,
}

impl io::Write for Upload {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let sent = self.to.as_ref().is_some_and(|to| to.send(buffer.to_vec()).is_ok());
        // The other side is gone: what it has to say comes at the end.
        if !sent {
            self.end()?;
            return Err(io::Error::other("the upload has ended before everything was written"));
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Out for Upload {
    fn end(&mut self) -> io::Result<()> {
        if let Some(to) = self.to.take() {
            // An empty buffer says that it is whole.
            let _ = to.send(Vec::new());
        }
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().map_err(|_| io::Error::other("the upload has panicked"))?.map_err(io::Error::other)
    }
}

fn upload(store: &AmazonS3, key: &Key, from: &Receiver<Vec<u8>>) -> object_store::Result<()> {
    let failed = |error: io::Error| object_store::Error::Generic { store: "this machine", source: error.into() };
    // Parts are sent by a thread of the runtime's own while this one waits for more to send.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let mut parts = WriteMultipart::new_with_chunk_size(store.put_multipart(key).await?, PART_BYTES);
        while let Ok(bytes) = from.recv() {
            if bytes.is_empty() {
                return parts.finish().await.map(drop);
            }
            parts.wait_for_capacity(PARTS_AT_ONCE).await?;
            parts.write(&bytes);
        }
        parts.abort().await?;
        Err(failed(io::Error::other("it was given up before its end")))
    })
}
