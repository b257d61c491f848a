/// The way through the pages of a list, newest first.
#[derive(Default)]
pub(super) struct Pager {
    /// Address of the page with the newest; absent on that page, which then follows the chain.
    pub(super) newest: Option<String>,
    /// Address of the page that goes on; absent on the last.
    pub(super) older: Option<String>,
}

impl Pager {
    /// On a page of the list at `here` that was asked for from some place on, or not; `older` is
    /// the query that goes on.
    pub(super) fn new(here: String, from_a_place: bool, older: Option<String>) -> Pager {
        let sign = if here.contains('?') { '&' } else { '?' };
        Pager {
            older: older.map(|query| format!("{here}{sign}{query}")),
            newest: from_a_place.then_some(here),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pager;

    #[test]
    fn leads_on_and_back() {
        let pager = Pager::new("/list".into(), false, Some("from=5".into()));
        assert_eq!(pager.newest, None);
        assert_eq!(pager.older.as_deref(), Some("/list?from=5"));
        let pager = Pager::new("/list?name=a".into(), true, Some("cursor=x".into()));
        assert_eq!(pager.newest.as_deref(), Some("/list?name=a"));
        assert_eq!(pager.older.as_deref(), Some("/list?name=a&cursor=x"));
    }
}
