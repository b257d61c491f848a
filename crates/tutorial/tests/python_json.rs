//! JSON as Python reads and writes it, compared with Python itself.

#[allow(dead_code)]
mod support;

use chainloom_tutorial::json::{
    Json, JsonProblem, Limits, Transcoder, canonical, compact, parse, python_str,
};
use chainloom_tutorial::rules::{block_hash, hex};
use support::documents::Documents;
use support::oracle::{Answer, ask};

/// What this crate makes of a document, in the oracle's words; none if it refuses.
fn ours(document: &[u8]) -> Result<Answer, JsonProblem> {
    let value = parse(document, &Limits::default()).map_err(|error| error.problem)?;
    Ok(Answer {
        canonical: canonical(&value),
        compact: compact(&value),
        hash: hex(&block_hash(&value)),
        printed: match value {
            Json::Array(_) | Json::Object(_) => None,
            _ => python_str(&value).ok().map(|text| text.into_owned()),
        },
    })
}

/// Whether the crate documents that it differs from Python on this document.
fn is_documented(document: &[u8], problem: JsonProblem) -> bool {
    let utf_16_or_32 = document.iter().take(4).any(|&byte| byte == 0)
        || document.starts_with(b"\xff\xfe")
        || document.starts_with(b"\xfe\xff");
    problem == JsonProblem::SplitSurrogatePair || utf_16_or_32
}

/// Compares with Python, and says how many documents both accept.
fn compare(documents: &[Vec<u8>]) -> usize {
    let mut accepted = 0;
    for (document, theirs) in documents.iter().zip(ask(documents)) {
        let shown = String::from_utf8_lossy(document);
        match (ours(document), theirs) {
            (Ok(ours), theirs) => {
                assert_eq!(Some(ours), theirs, "of {shown}");
                accepted += 1;
            }
            (Err(problem), Some(theirs)) => assert!(
                is_documented(document, problem),
                "ours refuses {shown}: {problem}; Python makes {theirs:?} of it"
            ),
            (Err(_), None) => {}
        }
    }
    accepted
}

/// Checks that the transcoder says of a document what the tree says.
fn transcoder_agrees(document: &[u8]) {
    let mut forms = (b"before".to_vec(), b"before".to_vec());
    let transcoded =
        Transcoder::new(Limits::default()).transcode(document, &mut forms.0, &mut forms.1);
    let shown = String::from_utf8_lossy(document);
    match parse(document, &Limits::default()) {
        Ok(value) => {
            assert_eq!(transcoded, Ok(()), "of {shown}");
            let expected = (
                format!("before{}", compact(&value)),
                format!("before{}", canonical(&value)),
            );
            let forms = forms.map_text();
            assert_eq!(forms, expected, "of {shown}");
        }
        Err(error) => {
            assert_eq!(transcoded, Err(error), "of {shown}");
            assert_eq!(
                forms.map_text(),
                ("before".to_owned(), "before".to_owned()),
                "of {shown}"
            );
        }
    }
}

/// Written forms as text.
trait MapText {
    fn map_text(&self) -> (String, String);
}

impl MapText for (Vec<u8>, Vec<u8>) {
    fn map_text(&self) -> (String, String) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&self.0), text(&self.1))
    }
}

#[test]
fn thousands_of_blocks_are_as_python_has_them() {
    let mut random = Documents::new(1);
    let documents: Vec<_> = (0..6000).map(|_| random.block()).collect();
    let accepted = compare(&documents);
    assert!(
        accepted > 5000,
        "only {accepted} of the blocks were accepted"
    );
    documents
        .iter()
        .for_each(|document| transcoder_agrees(document));
}

#[test]
fn thousands_of_values_are_as_python_has_them() {
    let mut random = Documents::new(2);
    let documents: Vec<_> = (0..6000).map(|_| random.value()).collect();
    let accepted = compare(&documents);
    assert!(
        accepted > 5000,
        "only {accepted} of the values were accepted"
    );
    documents
        .iter()
        .for_each(|document| transcoder_agrees(document));
}

#[test]
fn floats_are_as_python_has_them() {
    let mut random = Documents::new(3);
    let documents: Vec<_> = (0..20_000).map(|_| random.float()).collect();
    assert!(compare(&documents) > 19_000);
    documents
        .iter()
        .for_each(|document| transcoder_agrees(document));
}

#[test]
fn damaged_documents_are_refused_where_python_refuses_them() {
    let mut random = Documents::new(4);
    let mut documents = Vec::new();
    for index in 0..20_000 {
        let document = if index % 2 == 0 {
            random.value()
        } else {
            random.block()
        };
        documents.push(random.damaged(document));
    }
    let accepted = compare(&documents);
    assert!(
        (500..19_000).contains(&accepted),
        "{accepted} were accepted"
    );
    documents
        .iter()
        .for_each(|document| transcoder_agrees(document));
}

#[test]
fn every_character_is_escaped_as_python_escapes_it() {
    let mut documents = Vec::new();
    for first in (0..0x11_0000_u32).step_by(0x100) {
        let code_points = first..first + 0x100;
        let raw: String = code_points
            .clone()
            .filter_map(char::from_u32)
            .filter(|&character| character >= ' ' && !"\"\\".contains(character))
            .collect();
        documents.push(format!("\"{raw}\"").into_bytes());
        if first < 0x10000 {
            // Surrogates among them, high after low so that none form a pair.
            let units: String = code_points.map(|unit| format!("\\u{unit:04X}")).collect();
            documents.push(format!("\"{units}\"").into_bytes());
        }
    }
    assert_eq!(compare(&documents), documents.len());
    documents
        .iter()
        .for_each(|document| transcoder_agrees(document));
}

/// Each trap that makes a peer disagree with Python when it is got wrong.
#[test]
fn traps() {
    let big = |digits| "7".repeat(digits);
    let integers = [
        big(4300),
        format!("-{}", big(4300)),
        big(4301),
        format!("-{}", big(4301)),
        format!("{}.0", big(5000)),
        format!("{}e1", big(5000)),
    ];
    let texts = [
        // Integer, float and string are three things; integers have any size; the sign of zero.
        "5",
        "5.0",
        "\"5\"",
        "123456789012345678901234567890",
        "-0",
        "-0.0",
        "-0e0",
        "0e5",
        "[1E5,1e+05,1E-05]",
        // Beyond the floats, and words that JSON does not have.
        "1e400",
        "-1e400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "NaN",
        "Infinity",
        "-Infinity",
        "-NaN",
        "nan",
        "+Infinity",
        "Infinit",
        "-Infinit",
        // Of a key given twice the last one counts, however it is spelled.
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"\ud83d\ude00":1,"😀":2}"#,
        // Keys are sorted by code point, not by UTF-16 unit, nor by what is written.
        r#"{"\uffff":1,"😀":2,"z":3,"é":4,"\"":5,"\\":6,"!":7,"\ud800":8,"":9,"\u0001":10}"#,
        // Escapes.
        r#""\u0000\u001f\u0020\u007e\u007f\u0080\u2028\b\f\n\r\t\/\"\\""#,
        "\"\u{7f}\"",
        r#""\u00E9""#,
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#""\ud83d\u0041""#,
        r#""\ud83d\ud83d\ude00""#,
        r#""\ud83d\n""#,
        r#""\a""#,
        r#""\x41""#,
        r#""\u12""#,
        r#""\u 123""#,
        r#""\u+123""#,
        r#""\u0_12""#,
        "\"\\u١٢٣٤\"",
        r#""\ud83d\u12""#,
        r#""\U00e9""#,
        "\"\u{1}\"",
        "\"\t\"",
        "\"\n\"",
        "\"",
        "\"\\",
        "'a'",
        // Numbers that are none.
        "01",
        "-01",
        "1.",
        ".5",
        "1.e5",
        "1e",
        "1e+",
        "+1",
        "-",
        "--1",
        "0x10",
        "1_000",
        "١",
        "1٢",
        "1.٢",
        "-.5",
        "00",
        // Structure.
        "",
        " ",
        "[",
        "]",
        "[1,]",
        "[,]",
        "[1 2]",
        "{",
        "}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":1}}",
        "[1]]",
        "1 2",
        "1,",
        "{\"a\":1 \"b\":2}",
        "[\"a\":1]",
        "nul",
        "truex",
        "tru",
        "True",
        "null\u{0}",
        // White space.
        " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
        "\u{b}1",
        "\u{c}1",
        "\u{a0}1",
        "1\u{b}",
        "// 1",
        "\u{feff}1",
        "\u{feff}\u{feff}1",
        " \u{feff}1",
    ];
    let mut documents: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    documents.extend(integers.into_iter().map(String::into_bytes));
    let raw: [&[u8]; 10] = [
        b"\"\xff\"",
        b"\"\xc0\x80\"",
        b"\"\xe4\xb8\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xed\xb0\x80\"",
        b"\"\xf4\x90\x80\x80\"",
        b"\"\xf0\x80\x80\x80\"",
        b"\xff",
        b"1\xff",
        b"\"\xed\xa0\x80x\xed\xb0\x80\"",
    ];
    documents.extend(raw.iter().map(|document| document.to_vec()));
    let accepted = compare(&documents);
    assert!((30..60).contains(&accepted), "{accepted} were accepted");
    documents
        .iter()
        .for_each(|document| transcoder_agrees(document));
}

/// The documented deviations, so that they stay deliberate.
#[test]
fn where_we_differ_from_python() {
    let documents: Vec<Vec<u8>> = [
        &b"\"\xed\xa0\x80\xed\xb0\x80\""[..],
        b"\"\xed\xa0\x80\\udc00\"",
        b"\"\\ud800\xed\xb0\x80\"",
        b"1\x00",
        b"\xff\xfe1\x00",
        b"\x00\x00\x001",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    for (document, theirs) in documents.iter().zip(ask(&documents)) {
        let problem = ours(document).expect_err("refused");
        assert!(is_documented(document, problem), "{document:?}: {problem}");
        assert!(theirs.is_some(), "Python accepts {document:?}");
        transcoder_agrees(document);
    }
}

#[test]
fn nesting_as_deep_as_python_reads_is_read() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    assert_eq!(compare(&[nested(900), nested(2000), nested(100_000)]), 1);
    assert!(ours(&nested(1000)).is_ok());
    let too_deep = JsonProblem::TooDeep { limit: 1000 };
    assert_eq!(ours(&nested(1001)), Err(too_deep));
    let objects = format!("{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000));
    assert!(ours(objects.as_bytes()).is_ok());
    for document in [
        nested(1000),
        nested(1001),
        nested(100_000),
        objects.into_bytes(),
    ] {
        transcoder_agrees(&document);
    }
}
