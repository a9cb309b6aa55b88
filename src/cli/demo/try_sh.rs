//! `try.sh`: the ready-made commands, in a file and on the screen.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

/// One thing to try.
struct Step {
    title: &'static str,
    command: &'static str,
}

const STEPS: [Step; 7] = [
    Step {
        title: "The L&D service gets a token: its certificate says who it is, and the token holds for that certificate only",
        command: "TOKEN=$(token ld-riverside)",
    },
    Step {
        title: "It submits an assessment: once for each key, however often it is sent",
        command: r#"ANSWER=$(call ld-riverside "$TOKEN" -H 'Content-Type: application/json' \
  -H "Idempotency-Key: try-$(date +%s)-$$" --data-binary @try-assessment.json "$GATEWAY/assessments")
echo "$ANSWER"
REFERRAL=$(field referral_id "$ANSWER")"#,
    },
    Step {
        title: "It follows the referral",
        command: r#"call ld-riverside "$TOKEN" "$GATEWAY/referrals/$REFERRAL""#,
    },
    Step {
        title: "The housing authority, with its own certificate and token, looks into its mailbox",
        command: r#"HOUSING=$(token housing-harbour)
INBOX=$(call housing-harbour "$HOUSING" "$GATEWAY/messageexchange/housing-harbour/inbox")
echo "$INBOX"
MESSAGE=$(echo "$INBOX" | sed -n 's/.*"messages":\["\([^"]*\)".*/\1/p')"#,
    },
    Step {
        title: "It reads the first message (consent is asked again here) and acknowledges it",
        command: r#"call housing-harbour "$HOUSING" "$GATEWAY/messageexchange/housing-harbour/inbox/$MESSAGE"
call housing-harbour "$HOUSING" -X PUT "$GATEWAY/messageexchange/housing-harbour/inbox/$MESSAGE/status/acknowledged""#,
    },
    Step {
        title: "It accepts the referral as it last read it: If-Match keeps two answers from crossing",
        command: r#"VERSION=$(call housing-harbour "$HOUSING" -D - -o /dev/null "$GATEWAY/referrals/$REFERRAL" |
  tr -d '\r' | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')
call housing-harbour "$HOUSING" -H 'Content-Type: application/json' -H "If-Match: $VERSION" \
  -d '{}' "$GATEWAY/referrals/$REFERRAL/actions/accept""#,
    },
    Step {
        title: "The L&D service reads the audit of it: when, what, who, and the facts",
        command: r#"AUDIT=$(call ld-riverside "$TOKEN" "$GATEWAY/referrals/$REFERRAL/audit")
echo "$AUDIT" | sed 's/{"index"/\
&/g' | sed -n 's/.*"at":"\([^"]*\)","kind":"\([^"]*\)","actor":"\([^"]*\)",.*"facts":{\([^}]*\)}.*/\1  \2  \3  \4/p' |
  tr -d '"'"#,
    },
];

/// What the commands rest on.
fn preamble(base_url: &str) -> String {
    format!(
        r#"GATEWAY={base_url}
call() {{ # call AGENCY TOKEN curl-arguments…
  agency=$1; bearer=$2; shift 2
  curl -sS --fail-with-body --cacert ca.pem --cert "agencies/$agency/cert.pem" --key "agencies/$agency/key.pem" \
    -H "Authorization: Bearer $bearer" "$@"
  echo
}}
token() {{ # token AGENCY
  curl -sS --fail-with-body --cacert ca.pem --cert "agencies/$1/cert.pem" --key "agencies/$1/key.pem" \
    -d grant_type=client_credentials -d client_id="$(cat "agencies/$1/client_id")" "$GATEWAY/oauth/token" |
    sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p'
}}
field() {{ # field NAME JSON: the first text under that name
  echo "$2" | tr ',{{' '\n\n' | sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p' | head -n 1
}}"#
    )
}

/// The whole file.
pub(super) fn script(base_url: &str) -> String {
    let mut text = format!(
        "#!/bin/sh\n# Ready-made commands against the demonstration's gateway. It must be running:\n#   keyway demo \
         (without --once), or: keyway serve --config keyway.toml\n# Everyone in it is made up. Needs curl 7.76 or \
         newer.\nset -eu\ncd \"$(dirname \"$0\")\"\n\n{}\n",
        preamble(base_url)
    );
    for (number, step) in STEPS.iter().enumerate() {
        let number = number + 1;
        let Step { title, command } = step;
        for part in [&format!("\n# {number}. {title}.\necho '== {number}. {title}'\n"), *command, "\n"] {
            text.push_str(part);
        }
    }
    text
}

/// The commands, for the screen.
pub(super) fn shown(base_url: &str) -> String {
    let mut text = preamble(base_url);
    for step in &STEPS {
        for part in ["\n\n# ", step.title, "\n", step.command] {
            text.push_str(part);
        }
    }
    text
}

/// Writes `try.sh`, ready to be run.
pub(super) fn write(file: &Path, base_url: &str) -> Result<()> {
    let place = || format!("{} cannot be written", file.display());
    fs::write(file, script(base_url)).with_context(place)?;
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).with_context(place)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_script_is_one_that_a_shell_takes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("try.sh");
        write(&file, "https://localhost:8443").unwrap();
        assert!(Command::new("sh").arg("-n").arg(&file).status().unwrap().success());
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("set -eu") && text.contains("GATEWAY=https://localhost:8443"));
        assert!(
            text.contains(STEPS[0].command) && shown("https://localhost:8443").contains(STEPS[6].command)
        );
    }
}
