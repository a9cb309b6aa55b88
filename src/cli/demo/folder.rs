//! The demonstration's folder: a fresh one, or the one that was asked for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::pki::{Identity, save};
use crate::{cli::private_file::write_new, ids::Mint};

/// Where everything of one demonstration is kept.
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Takes `asked` when it is new or empty; makes a fresh folder when nothing was asked for.
    pub(super) fn prepare(asked: Option<&Path>, mint: &Mint) -> Result<Self> {
        let root = match asked {
            Some(asked) => asked.to_owned(),
            None => crate::config::temporary_folder().join(format!("keyway-demo-{}", mint.uuid())),
        };
        let place = || format!("the folder {} cannot be made", root.display());
        match fs::read_dir(&root) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    bail!(occupied(&root));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                fs::create_dir_all(&root).with_context(place)?;
            }
            Err(error) => return Err(error).with_context(place),
        }
        // Keys and (synthetic) people are in it.
        #[cfg(unix)]
        fs::set_permissions(&root, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .with_context(place)?;
        let folder = Self { root: fs::canonicalize(&root).with_context(place)? };
        for name in ["gateway", "agencies", "received", "keys"] {
            fs::create_dir(folder.path(name)).with_context(place)?;
        }
        Ok(folder)
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Keeps an agency's certificate, key and client id.
    pub(super) fn keep_agency(&self, id: &str, identity: &Identity, client_id: &str) -> Result<()> {
        let folder = self.path("agencies").join(id);
        fs::create_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        save(&folder.join("cert.pem"), identity.certificate_pem.as_bytes())?;
        write_new(&folder.join("key.pem"), identity.key_pem.as_bytes())?;
        save(&folder.join("client_id"), client_id.as_bytes())
    }

    /// Keeps one of the gateway's own certificates with its key.
    pub(super) fn keep_gateway(&self, name: &str, identity: &Identity) -> Result<()> {
        save(&self.path(&format!("gateway/{name}.pem")), identity.certificate_pem.as_bytes())?;
        write_new(&self.path(&format!("gateway/{name}-key.pem")), identity.key_pem.as_bytes())
    }
}

/// What to do about a folder that has something in it.
fn occupied(root: &Path) -> String {
    let shown = root.display();
    if root.join("keyway.toml").exists() && root.join("ca.pem").exists() {
        format!(
            "{shown} holds an earlier demonstration, which is left as it is.\n  To run its gateway again:  \
             keyway serve --config {shown}/keyway.toml\n  To start anew:             rm -r {shown}   or choose \
             another folder with --data"
        )
    } else {
        format!(
            "{shown} is not empty. Choose a folder that is new or empty with --data, or leave --data out."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::SystemClock, ids::SystemChance};
    use std::sync::Arc;

    fn mint() -> Mint {
        Mint::new(Arc::new(SystemClock), Arc::new(SystemChance))
    }

    #[test]
    fn a_used_folder_is_left_alone_and_the_error_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Folder::prepare(Some(&data), &mint()).unwrap();
        let error = Folder::prepare(Some(&data), &mint()).err().unwrap().to_string();
        assert!(error.contains("is not empty"), "{error}");
        fs::write(data.join("keyway.toml"), "").unwrap();
        fs::write(data.join("ca.pem"), "").unwrap();
        let error = Folder::prepare(Some(&data), &mint()).err().unwrap().to_string();
        assert!(error.contains("keyway serve --config"), "{error}");
    }
}
