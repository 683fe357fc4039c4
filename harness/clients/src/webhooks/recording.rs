//! One delivery as livekit-server 1.13.5 sent it when a room was made. Server, key and room lived for this recording only.

pub(super) const KEY_ID: &str = "devkey";
pub(super) const KEY_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(super) const ROOM: &str = "glt-recorded";
/// When it came, in seconds since 1970: one second after it was signed, for 300 s.
pub(super) const RECEIVED_UNIX_S: u64 = 1_795_404_467;
pub(super) const CONTENT_TYPE: &str = "application/webhook+json";
pub(super) const AUTHORIZATION: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZXZrZXkiLCJleHAiOjE3OTU0MDQ3NjYsIm5iZiI6MTc5NTQwNDQ2NiwiaWF0IjoxNzk1NDA0NDY2LCJzaGEyNTYiOiJMcEl4MmhPRmQwTHkzRC9pTlJaSXhxYmtodExBL2ZGb0hJQ3l2TWg2SFlzPSJ9.oNp7GlzNWvKCAbKcuao5d9kxn49C99E5I8cbGccImK0";
pub(super) const BODY: &str = r#"{"event":"room_started", "room":{"sid":"RM_dWvjQKfd6xsE", "name":"glt-recorded", "emptyTimeout":300, "departureTimeout":20, "creationTime":"1795404466", "creationTimeMs":"1795404466982", "turnPassword":"09wcuJrxemPMYVNmDf6x6t557NCFquZMGnfOlBNIGYoA", "enabledCodecs":[{"mime":"audio/PCMU"}, {"mime":"audio/PCMA"}, {"mime":"audio/opus"}, {"mime":"audio/red"}, {"mime":"video/VP8"}, {"mime":"video/H264"}, {"mime":"video/VP9"}, {"mime":"video/AV1"}, {"mime":"video/H265"}, {"mime":"video/rtx"}]}, "id":"EV_oDFbkGLCgd5E", "createdAt":"1795404466"}"#;
