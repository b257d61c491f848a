//! What was asked for after `fabric`.

use chainloom_devnet::FabricVersion;

/// How the benchmark is run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    /// The networks, one after the other.
    pub(crate) networks: Vec<FabricVersion>,
    /// How long each contestant works at once.
    pub(crate) seconds: f64,
    /// How often each contestant has its turn at each work.
    pub(crate) rounds: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            networks: vec![FabricVersion::V2_5],
            seconds: 5.0,
            rounds: 3,
        }
    }
}

/// How these are written.
pub(crate) const USAGE: &str =
    "fabric [--network 2.5|3.1|both] [--seconds SECONDS] [--rounds ROUNDS]";

impl Options {
    /// Reads the words after `fabric`.
    ///
    /// # Errors
    /// A sentence that says which word was not understood.
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next();
            let value =
                value.ok_or_else(|| format!("`{word}` is not known, or lacks its value"))?;
            let wrong = || format!("`{word} {value}` is not understood");
            match word.as_str() {
                "--network" if value == "both" => {
                    options.networks = vec![FabricVersion::V2_5, FabricVersion::V3_1];
                }
                "--network" => options.networks = vec![value.parse().map_err(|_| wrong())?],
                "--seconds" => {
                    let seconds = value.parse().map_err(|_| wrong())?;
                    let allowed = (0.1..=600.0).contains(&seconds);
                    options.seconds = allowed.then_some(seconds).ok_or_else(wrong)?;
                }
                "--rounds" => {
                    let rounds = value.parse().map_err(|_| wrong())?;
                    options.rounds = (1..=100)
                        .contains(&rounds)
                        .then_some(rounds)
                        .ok_or_else(wrong)?;
                }
                _ => return Err(wrong()),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        assert_eq!(parse(""), Ok(Options::default()));
        let options = parse("--network both --seconds 1.5 --rounds 2");
        let expected = Options {
            networks: vec![FabricVersion::V2_5, FabricVersion::V3_1],
            seconds: 1.5,
            rounds: 2,
        };
        assert_eq!(options, Ok(expected));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for line in [
            "--network 1.4",
            "--seconds 0",
            "--seconds NaN",
            "--rounds 0",
            "--rounds",
            "--quick 1",
        ] {
            let sentence = parse(line).expect_err("refused");
            let word = line.split(' ').next().expect("there is one");
            assert!(sentence.contains(word), "{sentence}");
        }
    }
}
