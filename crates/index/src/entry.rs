//! A transaction as the index has it: read from a block or from its row, put in and taken out in the same way.

use bigdecimal::BigDecimal;
use chainloom_ledger::{Account, Creator, Hash, Transaction, TransactionKind};
use jiff::Timestamp;
use redb::Error;

use crate::amount::bounded;
use crate::facet;
use crate::id::Id;
use crate::short::{SHORT_VALUE_BYTES_MAX, short_account, short_json, short_text};
use crate::tables::{CreatorRow, Digest, Facet, PartyRow, TimeRow, TransactionRow};

/// Longest contract and function name that is told apart in counts and lists, in bytes.
const FUNCTION_BYTES_MAX: usize = 128;

/// Longest name of a validation code, in bytes; Fabric's longest has 36.
const CODE_BYTES_MAX: usize = 64;

/// A transaction as its row has it.
pub(crate) struct Entry {
    id: Id,
    kind: u8,
    pub(crate) time: Option<TimeRow>,
    /// The validation code and its name.
    pub(crate) code: (i32, String),
    /// The contract and the function that it called.
    pub(crate) call: Option<(String, String)>,
    pub(crate) creator: Option<CreatorEntry>,
    pub(crate) sender: Option<Party>,
    pub(crate) recipient: Option<Party>,
    /// As JSON.
    amount: Option<String>,
    /// The amount that went from one to the other.
    pub(crate) moved: Option<BigDecimal>,
}

/// Who made it.
pub(crate) struct CreatorEntry {
    /// Absent where the certificate tells no name.
    pub(crate) facet: Option<Facet>,
    pub(crate) organization: String,
    enrollment_id: Option<String>,
    pub(crate) certificate: Option<Digest>,
}

/// A party of a transfer.
pub(crate) struct Party {
    pub(crate) digest: Digest,
    /// As JSON, cut.
    pub(crate) name: String,
}

impl Entry {
    /// The transaction as a block has it. One without a verdict, on a ledger that judges none, is valid.
    pub(crate) fn of(transaction: &Transaction) -> Entry {
        let code = match &transaction.validation_code {
            Some(code) => (code.code, short_text(&code.name, CODE_BYTES_MAX)),
            None => (0, "VALID".to_owned()),
        };
        let valid = code.0 == 0;
        let call = transaction
            .call
            .as_ref()
            .map(|call| (short_name(&call.contract), short_name(&call.function)));
        let endorsed = transaction.endorsed.as_ref();
        let creator = endorsed.and_then(|endorsed| endorsed.creator.as_deref());
        let transfer = transaction.transfer.as_ref();
        Entry {
            id: Id::of(&transaction.id),
            kind: kind_number(transaction.kind),
            time: transaction.time.map(time_row),
            code,
            call,
            creator: creator.map(CreatorEntry::of),
            sender: transfer.and_then(|transfer| Party::of(transfer.sender.as_ref())),
            recipient: transfer.and_then(|transfer| Party::of(transfer.recipient.as_ref())),
            amount: transfer
                .and_then(|transfer| transfer.amount.as_ref())
                .map(short_json),
            moved: transfer
                .filter(|_| valid)
                .and_then(|transfer| transfer.amount_exact.as_ref())
                .and_then(bounded),
        }
    }

    /// The transaction that this row has.
    pub(crate) fn of_row(row: TransactionRow<'_>) -> Result<Entry, Error> {
        let (id, kind, time, code, call, creator, sender, recipient, amount, moved) = row;
        let moved = moved.map(str::parse::<BigDecimal>).transpose();
        Ok(Entry {
            id: Id::of_row(id)?,
            kind,
            time,
            code: (code.0, code.1.to_owned()),
            call: call.map(|(contract, function)| (contract.to_owned(), function.to_owned())),
            creator: creator.map(CreatorEntry::of_row),
            sender: sender.map(Party::of_row),
            recipient: recipient.map(Party::of_row),
            amount: amount.map(str::to_owned),
            moved: moved.map_err(|_| Error::Corrupted("an amount is no number".to_owned()))?,
        })
    }

    /// Hands its row to `write`.
    pub(crate) fn with_row<T>(&self, write: impl FnOnce(TransactionRow<'_>) -> T) -> T {
        let call = self.call.as_ref();
        let moved = self.moved.as_ref().map(BigDecimal::to_string);
        self.id.with_row(|id| {
            write((
                id,
                self.kind,
                self.time,
                (self.code.0, &self.code.1),
                call.map(|(contract, function)| (contract.as_str(), function.as_str())),
                self.creator.as_ref().map(CreatorEntry::row),
                self.sender.as_ref().map(Party::row),
                self.recipient.as_ref().map(Party::row),
                self.amount.as_deref(),
                moved.as_deref(),
            ))
        })
    }

    /// Whether it took effect.
    pub(crate) fn is_valid(&self) -> bool {
        self.code.0 == 0
    }

    /// The digest under which its id is found.
    pub(crate) fn id_digest(&self) -> Digest {
        self.id.digest()
    }
}

impl CreatorEntry {
    fn of(creator: &Creator) -> CreatorEntry {
        let organization = &creator.organization;
        let enrollment_id = creator.enrollment_id.as_deref();
        let certificate = creator.certificate.as_ref();
        let sha256 = certificate.and_then(|certificate| certificate.sha256.parse::<Hash>().ok());
        CreatorEntry {
            facet: enrollment_id.map(|id| facet::creator(organization, id)),
            organization: short_text(organization, SHORT_VALUE_BYTES_MAX),
            enrollment_id: enrollment_id.map(|id| short_text(id, SHORT_VALUE_BYTES_MAX)),
            certificate: sha256.map(|hash| hash.0),
        }
    }

    fn of_row((facet, organization, enrollment_id, certificate): CreatorRow<'_>) -> CreatorEntry {
        CreatorEntry {
            facet: facet.copied(),
            organization: organization.to_owned(),
            enrollment_id: enrollment_id.map(str::to_owned),
            certificate: certificate.copied(),
        }
    }

    fn row(&self) -> CreatorRow<'_> {
        (
            self.facet.as_ref(),
            &self.organization,
            self.enrollment_id.as_deref(),
            self.certificate.as_ref(),
        )
    }
}

impl Party {
    fn of(account: Option<&Account>) -> Option<Party> {
        account.map(|account| Party {
            digest: account.digest().0,
            name: short_account(account),
        })
    }

    fn of_row((digest, name): PartyRow<'_>) -> Party {
        Party {
            digest: *digest,
            name: name.to_owned(),
        }
    }

    fn row(&self) -> PartyRow<'_> {
        (&self.digest, &self.name)
    }
}

/// How a contract's and a function's name stands in rows and facets.
pub(crate) fn short_name(name: &str) -> String {
    short_text(name, FUNCTION_BYTES_MAX)
}

/// How a kind stands in its row.
pub(crate) fn kind_number(kind: TransactionKind) -> u8 {
    match kind {
        TransactionKind::Transfer => 0,
        TransactionKind::Reward => 1,
        TransactionKind::Unknown => 2,
        TransactionKind::Endorser => 3,
        TransactionKind::Config => 4,
    }
}

/// How a time stands in its row.
pub(crate) fn time_row(time: Timestamp) -> TimeRow {
    (time.as_second(), time.subsec_nanosecond())
}
