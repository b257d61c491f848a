//! The rows of the peers, whose content is the peers module's own.

use redb::ReadableTable;

use super::Store;
use super::error::{Fault, StoreError};
use super::tables::PEERS;
use super::writer::Sync;

impl Store {
    /// Every row: address and content. Blocking; a few hundred rows.
    pub(crate) fn peer_rows(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.guarded(|| {
            let transaction = self.shared.database.begin_read()?;
            let peers = transaction.open_table(PEERS)?;
            let mut rows = Vec::new();
            for row in peers.iter()? {
                let (address, content) = row?;
                rows.push((address.value().to_owned(), content.value().to_owned()));
            }
            Ok(rows)
        })
    }

    /// Writes rows, or removes those without content; all of them or none, on the disk when it
    /// returns.
    pub(crate) async fn write_peer_rows(
        &self,
        rows: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        self.writer()
            .write(Sync::Durable, move |batch| {
                let mut peers = batch.transaction.open_table(PEERS)?;
                for (address, content) in rows {
                    match content {
                        Some(content) => peers.insert(address.as_str(), content.as_slice())?,
                        None => peers.remove(address.as_str())?,
                    };
                }
                Ok::<(), Fault>(())
            })
            .await
    }
}
