#![allow(clippy::unwrap_used)]
use clap::{CommandFactory, Parser};

use super::*;

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn every_command_says_what_it_does_and_shows_an_example() {
    fn check(command: &clap::Command) {
        let name = command.get_name();
        if name == "help" {
            return;
        }
        assert!(command.get_about().is_some(), "{name} has no description");
        if command.has_subcommands() {
            command.get_subcommands().for_each(check);
        } else {
            let help = command.get_after_help().map(ToString::to_string);
            assert!(
                help.is_some_and(|help| help.contains(&format!("{name} "))
                    || help.contains(&format!("{name}\n"))),
                "{name} has no example"
            );
        }
    }
    Arguments::command().get_subcommands().for_each(check);
}

#[test]
fn both_of_the_papers_names_show_a_transaction() {
    for line in [
        ["chainloom", "showtx", "ab", "--json", ""].as_slice(),
        &["chainloom", "showtxByVer", "--block=2", "--index=0"],
    ] {
        let line = line.iter().filter(|word| !word.is_empty());
        let arguments = Arguments::try_parse_from(line).unwrap();
        assert!(matches!(
            arguments.command,
            Command::Tx(_) | Command::ShowtxByVer(_)
        ));
    }
    for line in [
        ["chainloom", "tx"].as_slice(),
        &["chainloom", "tx", "--block=2"],
        &["chainloom", "tx", "ab", "--block=2", "--index=0"],
        &["chainloom", "showtxByVer", "--block=2"],
        &["chainloom", "mytx", "--follow", "--limit=5"],
        &["chainloom", "mytx", "--follow", "--from=5"],
        &["chainloom", "transactions", "--follow", "--to=5"],
    ] {
        assert!(Arguments::try_parse_from(line).is_err(), "{line:?}");
    }
}

#[test]
fn a_negative_block_is_no_flag() {
    let line = ["chainloom", "showtxByVer", "--block", "-1", "--index", "-2"];
    let Command::ShowtxByVer(place) = Arguments::try_parse_from(line).unwrap().command else {
        panic!("it is another command");
    };
    assert_eq!((place.block, place.index), (-1, -2));
}

#[test]
fn a_negative_amount_is_no_flag() {
    for amount in ["-5.25e3", "-1e-7"] {
        let line = ["chainloom", "send", "alice", "bob", amount, "--json"];
        let Command::Send(send) = Arguments::try_parse_from(line).unwrap().command else {
            panic!("it is another command");
        };
        assert_eq!((send.amount.as_str(), send.remote.json), (amount, true));
    }
}
