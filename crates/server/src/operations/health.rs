/// `GET /healthz`: the process runs and answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}
