use std::time::Duration;

use serde::Deserialize;

use crate::arguments::Remote;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, duration, rate, warn};
use crate::progress::Progress;

use super::block::show;

/// How often a person is told how the search is going.
const ASK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
struct Mined {
    number: u64,
}

/// How the search is going.
#[derive(Debug, Deserialize)]
struct Mining {
    hashes_per_s: f64,
    #[serde(default)]
    expected_s: Option<f64>,
}

/// Makes a block of the transactions that wait, and shows it.
///
/// Not by the tutorial's `GET /mine`: its answer may hold a NaN, which is no JSON to anyone but
/// Python, and its refusals are texts without a code.
pub(crate) async fn run(remote: &Remote) -> Result<(), Error> {
    let client = Client::new(remote).await?;
    let request = Request::post(&client.ledger_path(&["mine"]));
    let progress = Progress::spinner("searching for a proof");
    let answer = tokio::select! {
        answer = client.ask(request) => answer?,
        never = tell(&client, &progress) => match never {},
    };
    drop(progress);
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    // The block is made: whatever goes wrong from here on is no failure of the command, and who
    // tried again would make another one.
    match answer.read::<Mined>() {
        Ok(Mined { number }) => match fetch(&client, number).await {
            Ok(block) => show(&block, &mut output),
            Err(error) => {
                output.line(&format!("Block {number} was made."))?;
                warn(&format!("it cannot be shown: {error}"));
                Ok(())
            }
        },
        Err(error) => {
            output.line("A block was made.")?;
            warn(&format!("it cannot be shown: {error}"));
            Ok(())
        }
    }
}

async fn fetch(client: &Client, number: u64) -> Result<crate::views::Block, Error> {
    let answer = client.ask_ledger(&["blocks", &number.to_string()]).await?;
    answer.read()
}

/// Shows how the search is going to whoever looks on; never comes back.
async fn tell(client: &Client, progress: &Progress) -> std::convert::Infallible {
    if progress.is_hidden() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(ASK_EVERY).await;
        // A server that cannot say it is mining all the same.
        if let Ok(answer) = client.ask_ledger(&["mining"]).await
            && let Ok(mining) = answer.read::<Mining>()
        {
            progress.say(sentence(&mining));
        }
    }
}

fn sentence(mining: &Mining) -> String {
    let mut sentence = "searching for a proof".to_owned();
    if mining.hashes_per_s > 0.0 {
        sentence += &format!(", {}", rate(mining.hashes_per_s));
    }
    if let Some(expected_s) = mining.expected_s {
        sentence += &format!(", about {} on average", duration(expected_s));
    }
    sentence + " (Ctrl-C cancels);"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_is_told_of_in_short() {
        let mut mining = Mining {
            hashes_per_s: 0.0,
            expected_s: None,
        };
        assert_eq!(sentence(&mining), "searching for a proof (Ctrl-C cancels);");
        mining.hashes_per_s = 12_345_678.0;
        mining.expected_s = Some(21.7);
        assert_eq!(
            sentence(&mining),
            "searching for a proof, 12.3 million digests a second, about 22 s on average \
             (Ctrl-C cancels);"
        );
    }
}
