//! Passwords: which are accepted, and how they are kept (Argon2id).

use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zxcvbn::feedback::Suggestion;

use super::texts::Texts;
use crate::platform::random;

/// The shortest password, in characters. Entra's figure; where a password is the only factor, SP 800-63B-4 §3.1.1.2
/// would have 15.
pub(super) const MIN: usize = 8;
/// The longest password, in characters; SP 800-63B-4 §3.1.1.2 asks for 64 or more.
pub(super) const MAX: usize = 256;

/// How many passwords may wait to be hashed; more are turned away.
const QUEUE: usize = 64;

/// What unknown users' passwords are compared with, so that they take as long as everybody's.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash(&random::token()));

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Refused {
    /// Nothing was typed.
    Empty,
    /// Fewer than [`MIN`] characters.
    TooShort,
    /// More than [`MAX`] characters; never cut to size.
    TooLong,
    /// Something that an attacker would try for this user, or most of it.
    MadeFrom(Known),
    /// On the lists that attackers try first, or nearly; with advice.
    Guessable(Option<Suggestion>),
}

/// What an attacker knows of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The e-mail address.
    Email,
    /// The display name.
    Name,
    /// What the organisation is called.
    Brand,
    /// Several of them together.
    Several,
}

impl Refused {
    /// For the customer; never contains the password.
    pub(super) fn text(self, t: Texts) -> String {
        match self {
            Self::Empty => t.password_empty().to_owned(),
            Self::TooShort => t.password_too_short(&MIN),
            Self::TooLong => t.password_too_long(&MAX),
            Self::MadeFrom(known) => t.password_made_from(&known.text(t)),
            Self::Guessable(advice) => t.password_guessable(
                &advice.map_or_else(|| t.advice_unrelated_words(), |advice| advice_text(advice, t)),
            ),
        }
    }
}

impl Known {
    fn text(self, t: Texts) -> &'static str {
        match self {
            Self::Email => t.known_email(),
            Self::Name => t.known_name(),
            Self::Brand => t.known_brand(),
            Self::Several => t.known_several(),
        }
    }
}

fn advice_text(advice: Suggestion, t: Texts) -> &'static str {
    match advice {
        Suggestion::UseAFewWordsAvoidCommonPhrases => t.advice_few_words(),
        Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters => t.advice_no_symbols(),
        Suggestion::AddAnotherWordOrTwo => t.advice_another_word(),
        Suggestion::CapitalizationDoesntHelpVeryMuch => t.advice_capitalization(),
        Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => t.advice_all_uppercase(),
        Suggestion::ReversedWordsArentMuchHarderToGuess => t.advice_reversed(),
        Suggestion::PredictableSubstitutionsDontHelpVeryMuch => t.advice_substitutions(),
        Suggestion::UseALongerKeyboardPatternWithMoreTurns => t.advice_keyboard(),
        Suggestion::AvoidRepeatedWordsAndCharacters => t.advice_repeats(),
        Suggestion::AvoidSequences => t.advice_sequences(),
        Suggestion::AvoidRecentYears => t.advice_recent_years(),
        Suggestion::AvoidYearsThatAreAssociatedWithYou => t.advice_your_years(),
        Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => t.advice_your_dates(),
    }
}

/// The server hashes as many passwords as it can bear; try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be hashed")]
pub(super) struct Busy;

/// Hashes passwords off the async threads, a few at a time: each takes 19 MiB and tens of milliseconds of a core, so
/// a flood of them must not take the rest of the server down.
pub(super) struct Hasher {
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Hasher {
    /// A hasher that leaves one core to the rest.
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_limits(cores.saturating_sub(1).clamp(1, 8), QUEUE)
    }

    fn with_limits(running: usize, queue: usize) -> Self {
        LazyLock::force(&NOBODYS);
        Self { running: Arc::new(Semaphore::new(running)), queue: Arc::new(Semaphore::new(running + queue)) }
    }

    /// Checks a new password; see [`check`]. Here, because estimating strength takes its time as well.
    pub(super) async fn check(&self, password: String, known: Vec<(Known, String)>) -> Result<Option<Refused>, Busy> {
        self.run(move || check(&password, &known).err()).await
    }

    /// Hashes a password.
    pub(super) async fn hash(&self, password: String) -> Result<String, Busy> {
        self.run(move || hash(&normalized(&password))).await
    }

    /// Whether `password` belongs to `stored`; with `None` (no such user) the answer is no, after the same work.
    pub(super) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Busy> {
        self.run(move || verify(&password, stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Busy)?;
        // The permits go along: a client that hangs up does not make room for the next one before the work is done.
        let work = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((turn, place));
            result
        });
        // An error means a panic (hashing does not) or a runtime that is shutting down.
        work.await.map_err(|_| Busy)
    }

    /// Fills every place, as a flood would.
    #[cfg(test)]
    pub(super) fn flood(&self) -> impl Drop + use<> {
        let free = u32::try_from(self.queue.available_permits()).unwrap();
        Arc::clone(&self.queue).try_acquire_many_owned(free).unwrap()
    }
}

fn hash(password: &str) -> String {
    // The defaults are Argon2id, 19 MiB, two passes, one lane: OWASP's first choice. The whole password goes in.
    let salt = random::bytes::<16>();
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("the default parameters are valid, and passwords are shorter than 4 GiB");
    hash.to_string()
}

/// Passwords that were set before they were normalised are kept as they were typed then: those forms are tried as well, for
/// nobody less than for somebody.
fn verify(password: &str, stored: Option<&str>) -> bool {
    let mut forms = vec![normalized(password)];
    for other in [password.to_owned(), password.nfd().collect()] {
        if !forms.contains(&other) {
            forms.push(other);
        }
    }
    let parsed = PasswordHash::new(stored.unwrap_or(&NOBODYS));
    let matches = |form: &String| {
        parsed.as_ref().is_ok_and(|hash| Argon2::default().verify_password(form.as_bytes(), hash).is_ok())
    };
    stored.is_some() & forms.iter().any(matches)
}

/// The form in which passwords are kept and compared (SP 800-63B-4 §3.1.1.2): keyboards differ in how they write the same
/// letter.
fn normalized(password: &str) -> String {
    password.nfc().collect()
}

/// Whether a new password was typed the same twice.
pub(super) fn is_repeated(password: &str, repeated: &str) -> bool {
    normalized(password) == normalized(repeated)
}

/// Checks a new password. `known` are words that an attacker would know of this user: the e-mail address first.
///
/// - at least [`MIN`] and at most [`MAX`] characters, of any kind: no composition rules;
/// - not one of the known words or their parts, and not on (or next to) the lists of common passwords.
///
/// SP 800-63B-4 §3.1.1.2.
fn check(password: &str, known: &[(Known, impl AsRef<str>)]) -> Result<(), Refused> {
    let password = &normalized(password);
    match password.chars().count() {
        0 => return Err(Refused::Empty),
        n if n < MIN => return Err(Refused::TooShort),
        n if n > MAX => return Err(Refused::TooLong),
        _ => {}
    }
    let lower = password.to_lowercase();
    let parts = |text| -> Vec<String> {
        let text = normalized(text).to_lowercase();
        text.split(['@', '.', ' ']).map(ToOwned::to_owned).chain([text.clone()]).collect()
    };
    // What is left of the password without the user's own words must be a password of some length in itself.
    let made_from = |words: &[String]| {
        let rest = words.iter().filter(|word| word.chars().count() >= 4);
        let rest = rest.fold(lower.clone(), |rest, word| rest.replace(word, ""));
        rest.len() < lower.len() && rest.chars().count() < 5
    };
    for (kind, text) in known {
        if made_from(&parts(text.as_ref())) {
            return Err(Refused::MadeFrom(*kind));
        }
    }
    let words: Vec<String> = known.iter().flat_map(|(_, text)| parts(text.as_ref())).collect();
    if made_from(&words) {
        return Err(Refused::MadeFrom(Known::Several));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let estimate = zxcvbn::zxcvbn(password, &words);
    if estimate.score() < zxcvbn::Score::Two {
        return Err(Refused::Guessable(estimate.feedback().and_then(|f| f.suggestions().first().copied())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    const ALICE: [(Known, &str); 3] =
        [(Known::Email, "alice.liddell@example.com"), (Known::Name, "Bandersnatch"), (Known::Brand, "Errand")];

    #[test]
    fn password_rules_are_length_and_not_being_common() {
        assert_eq!(check("", &ALICE), Err(Refused::Empty));
        assert_eq!(check("x9!kQ2z", &ALICE), Err(Refused::TooShort));
        assert_eq!(check(&"correct horse ".repeat(19), &ALICE), Err(Refused::TooLong));
        for common in ["password", "Password1", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "letmein123"] {
            assert!(matches!(check(common, &ALICE), Err(Refused::Guessable(_))), "{common}");
        }
    }

    #[test]
    fn password_rules_ask_for_no_kind_of_character() {
        for good in ["correct horse battery staple", "wachtwoord van mijn fiets", "密码很长也可以用的啊", "nvzqkwpjxh"]
        {
            assert_eq!(check(good, &ALICE), Ok(()), "{good}");
        }
        assert_eq!(check(&random::token().repeat(2)[..64], &ALICE), Ok(()));
        assert_eq!(check(&random::token().repeat(6)[..256], &ALICE), Ok(()));
    }

    #[test]
    fn password_rules_refuse_what_is_made_from_the_email_address() {
        for derived in ["alice.liddell@example.com", "Alice.Liddell", "alice.liddell1!", "LiddellExample1", "liddell99"]
        {
            assert!(check(derived, &ALICE).is_err(), "{derived}");
        }
        assert_eq!(check("alice fell down a rabbit hole", &ALICE), Ok(()), "a word of it does no harm");
    }

    #[test]
    fn a_password_is_said_to_be_made_from_what_it_is_made_from() {
        for (password, from) in [
            ("Errand2026", Known::Brand),
            ("errand!!errand", Known::Brand),
            ("bandersnatch1", Known::Name),
            ("Alice.Liddell", Known::Email),
            ("Liddell1Errand", Known::Several),
        ] {
            assert_eq!(check(password, &ALICE), Err(Refused::MadeFrom(from)), "{password}");
        }
        let said = |language| check("Errand2026", &ALICE).unwrap_err().text(Texts::of(language));
        let english = "This password is made from the name of this service: choose another.";
        assert_eq!(said(Language::English), english);
        assert_eq!(said(Language::Spanish), "Esta contraseña está hecha con el nombre de este servicio: elige otra.");
    }

    /// The advice of the estimator is said in our own words, which are its own in English.
    #[test]
    fn advice_is_given_in_the_language_of_the_page() {
        let advice = Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou;
        assert_eq!(advice_text(advice, Texts::of(Language::English)), advice.to_string());
        assert_eq!(
            check("password", &ALICE).unwrap_err().text(Texts::of(Language::Spanish)),
            "Esta contraseña es fácil de adivinar. Añade una o dos palabras más. Mejor si son poco comunes."
        );
    }

    #[tokio::test]
    async fn a_password_is_the_same_however_the_keyboard_writes_its_letters() {
        let (nfc, nfd) = ("gr\u{fc}ne H\u{e4}user", "gru\u{308}ne Ha\u{308}user");
        let hasher = Hasher::with_limits(1, 2);
        for (set, typed) in [(nfc, nfd), (nfd, nfc)] {
            let stored = hasher.hash(set.to_owned()).await.unwrap();
            assert!(hasher.verify(typed.to_owned(), Some(stored.clone())).await.unwrap());
            assert!(hasher.verify(set.to_owned(), Some(stored.clone())).await.unwrap());
            assert!(!hasher.verify("grune Hauser".to_owned(), Some(stored)).await.unwrap());
            // As passwords were kept before: as they were typed.
            assert!(verify(typed, Some(&hash(set))), "an old one is valid still");
            assert!(verify(set, Some(&hash(set))), "an old one is valid still");
            assert!(is_repeated(set, typed));
        }
        assert_eq!(
            check(&"u\u{308}".repeat(7), &ALICE),
            Err(Refused::TooShort),
            "letters are counted, not how they are written"
        );
    }

    #[test]
    fn a_password_is_never_truncated() {
        let long = random::token().repeat(6)[..256].to_owned();
        let stored = hash(&long);
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify(&long, Some(&stored)));
        assert!(!verify(&long[..255], Some(&stored)));
        assert!(!verify(&format!("{long}x"), Some(&stored)));
    }

    #[test]
    fn nobody_has_a_password() {
        assert!(!verify("", None));
        assert!(!verify("secret", None));
        assert!(!verify("secret", Some("not a hash")));
        let parameters = |phc: &str| phc.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(&NOBODYS), parameters(&hash("secret")), "and takes as long as everybody's");
    }

    #[tokio::test]
    async fn a_flood_of_passwords_is_turned_away_and_passes() {
        let hasher = Arc::new(Hasher::with_limits(1, 2));
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let hasher = Arc::clone(&hasher);
                tokio::spawn(async move { hasher.hash(format!("secret {n}")).await })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += usize::from(task.await.unwrap().is_ok());
        }
        assert!((3..20).contains(&done), "{done} were hashed");
        assert!(hasher.hash("secret".to_owned()).await.is_ok());
    }
}
