//! `accounts.verify`: what is shown to prove an account, and the link that comes of it.

use serde_json::Value;

use super::Ask;
use super::accounts::{self, Order, PLATFORMS, account, carry_out};
use super::proof::{self, Contact};
use crate::config::VkId;
use crate::cycle::error_of;
use crate::document::{Faults, Form, Object};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::platform::{Access, Class, Failure, Kind, SignIn, signed_in};
use crate::secret::Secret;
use crate::stop::Stop;

/// What is shown to prove an account.
enum Shown {
    /// A mini-app's launch data.
    Launch(String),
    /// A shared contact, whose account and which phone the school knows.
    Contact { contact: Contact, account: String, phone: String },
    /// What VK ID sent the person's browser back with.
    Code(VkCode),
}

/// A code of VK ID and what belongs to it. All of it is hidden: whoever has it can use it.
struct VkCode {
    code: Secret,
    code_verifier: Secret,
    device_id: Secret,
    state: Option<Secret>,
}

/// What a proof came to.
struct Proven {
    account: String,
    /// The proof's name in links.
    proof: &'static str,
    /// Digest of what must not be shown again.
    once: Option<String>,
}

impl Shown {
    /// The messenger whose accounts are proved so.
    fn platform(&self) -> Kind {
        match self {
            Shown::Launch(_) | Shown::Contact { .. } => Kind::Max,
            Shown::Code(_) => Kind::Vk,
        }
    }
}

/// `accounts.verify`: links the account that a proof names. MAX: launch data of a mini-app or a
/// shared contact. VK: a code of VK ID, `{code, code_verifier, device_id, state?}`, that was given
/// for the application of `platform.vk_id`.
///
/// Which account VK ID names to somebody who has an education profile is not documented: school
/// chats know that profile by a number of its own, and VK ID may tell the main account's. Nobody
/// could verify it so far. So the host may show the person the account that was linked before it
/// counts on it.
pub(super) fn verify(ask: &mut Ask) -> Result<(Code, Value)> {
    let (person, shown) = ask.params(|params, faults| {
        let person = params.required("person", faults);
        let platform = params.one_of("platform", &PLATFORMS, faults);
        let shown = shown(params, faults);
        if let (Some(platform), Some(shown)) = (platform, &shown) {
            faults.extend(misfit(params, platform, shown.platform()));
        }
        (person, shown)
    })?;
    let Some(shown) = shown else {
        return Err(Error::with_faults(Code::Request, vec![nothing_shown()]));
    };
    ask.permit_about(&person)?;
    accounts::may_link(ask, &person)?;
    let platform = shown.platform();
    let proven = match shown {
        Shown::Launch(data) => by_launch(ask, &data),
        Shown::Contact { contact, account, phone } => by_contact(ask, &contact, account, &phone),
        Shown::Code(code) => by_code(ask, code),
    };
    let Proven { account, proof, once } = proven?;
    let order = Order { person, platform, account: Some(account), proof, once };
    carry_out(ask, &order)
}

fn by_launch(ask: &Ask, data: &str) -> Result<Proven> {
    let launch = proof::launch(&token(ask)?, data, ask.clock.now().as_second());
    let launch = launch.map_err(|flaw| flaw.refusal("init_data"))?;
    Ok(Proven { account: launch.account, proof: "max.init_data", once: Some(launch.once) })
}

fn by_contact(ask: &Ask, contact: &Contact, account: String, phone: &str) -> Result<Proven> {
    let now = ask.clock.now().as_second();
    let holds = proof::contact(&token(ask)?, contact, &account, phone, now);
    holds.map_err(|flaw| flaw.refusal("contact"))?;
    Ok(Proven { account, proof: "max.contact", once: None })
}

/// VK ID itself sees to it that a code is used once.
fn by_code(ask: &Ask, code: VkCode) -> Result<Proven> {
    let (access, application) = application(ask)?;
    let sign_in = SignIn {
        base_url: application.base_url.clone(),
        client_id: application.client_id.clone(),
        redirect_uri: application.redirect_uri.clone(),
        code: code.code,
        code_verifier: code.code_verifier,
        device_id: code.device_id,
        state: code.state,
    };
    let stop = ask.session.stop();
    let account = signed_in(access, &sign_in, &stop)?.map_err(|failure| {
        let error = not_proven(&failure, &stop);
        // A cancel belongs to the call that it ended.
        ask.session.canceller().reset();
        error
    })?;
    Ok(Proven { account, proof: "vk.id", once: None })
}

/// A code that VK ID refused and one whose answer was lost can both be shown no more, so they are
/// no failures that pass.
fn not_proven(failure: &Failure, stop: &Stop) -> Error {
    match failure.class {
        Class::Never => shown_in_vain(
            failure,
            "request.proof_refused",
            "подтверждение не принято",
            "the proof does not hold",
        ),
        Class::Lost => shown_in_vain(
            failure,
            "request.proof_lost",
            "ответ VK ID потерян, а код годится один раз",
            "VK ID's answer was lost, and a code is good for one time",
        ),
        Class::Missing => {
            let message = failure.message.clone();
            let fault = Fault::new("config.refused", "platform.vk_id", "", message);
            Error::with_faults(Code::Config, vec![fault])
        }
        Class::Stopped => Error::new(
            Code::Cancelled,
            "отменено до запроса к VK ID, ничего не привязано",
            "cancelled before VK ID was asked, nothing is linked",
        ),
        _ => error_of(failure, stop),
    }
}

fn shown_in_vain(failure: &Failure, kind: &str, ru: &str, en: &str) -> Error {
    let (said, code) = (&failure.message, &failure.code);
    let message = Text::new(
        format!(
            "{ru}: {} ({code}); ничего не привязано, человеку нужно подтвердить учётную запись \
             заново",
            said.ru
        ),
        format!(
            "{en}: {} ({code}); nothing is linked, the person has to confirm the account anew",
            said.en
        ),
    );
    Error::with_faults(Code::Request, vec![Fault::new(kind, "params.vk_code", "", message)])
}

fn misfit(params: &Object, asked: Kind, proved: Kind) -> Option<Fault> {
    let name = proved.name();
    let message = Text::new(
        format!("предъявлено подтверждение для {name}"),
        format!("what is shown proves an account of {name}"),
    );
    (asked != proved).then(|| params.fault("platform", "bad_value", asked.name(), message))
}

fn shown(params: &mut Object, faults: &mut Faults) -> Option<Shown> {
    let launch = hidden(params, "init_data", faults).map(Shown::Launch);
    let contact = params.object("contact", faults).map(|mut contact| {
        let shown = Shown::Contact {
            contact: read_contact(&mut contact, faults),
            account: account(params, faults),
            phone: needed(params, "phone", faults),
        };
        contact.finish(faults);
        shown
    });
    let code = read_code(params, faults).map(Shown::Code);
    let mut all = [launch, contact, code].into_iter().flatten();
    let (first, second) = (all.next(), all.next());
    if second.is_some() {
        faults.push(nothing_shown());
        return None;
    }
    first
}

fn read_contact(contact: &mut Object, faults: &mut Faults) -> Contact {
    let hash = contact.required("hash", faults);
    match hidden(contact, "vcf_info", faults) {
        Some(vcf_info) => Contact::Card { vcf_info, hash },
        None => Contact::App {
            phone: needed(contact, "phone", faults),
            auth_date: needed(contact, "auth_date", faults),
            hash,
        },
    }
}

/// Hidden, because somebody may put the bare code where the object should be.
fn read_code(params: &mut Object, faults: &mut Faults) -> Option<VkCode> {
    let mut code = params.hidden_object("vk_code", faults)?;
    let read = VkCode {
        code: secret(&mut code, "code", faults),
        code_verifier: secret(&mut code, "code_verifier", faults),
        device_id: secret(&mut code, "device_id", faults),
        state: read_secret(&mut code, "state", faults),
    };
    code.finish(faults);
    Some(read)
}

/// A text that is never shown again: it holds names and phones.
fn hidden(params: &mut Object, key: &'static str, faults: &mut Faults) -> Option<String> {
    params.hidden(key, faults, Form::AnyText, |value| value.as_str().map(str::to_owned))
}

fn needed(params: &mut Object, key: &'static str, faults: &mut Faults) -> String {
    params.demand(key, faults);
    hidden(params, key, faults).unwrap_or_default()
}

/// A text that must be there and not be empty.
fn secret(params: &mut Object, key: &'static str, faults: &mut Faults) -> Secret {
    params.demand(key, faults);
    read_secret(params, key, faults).unwrap_or_else(|| Secret::new(""))
}

fn read_secret(params: &mut Object, key: &'static str, faults: &mut Faults) -> Option<Secret> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(Secret::new);
    params.hidden(key, faults, Form::Text, text)
}

/// The token of the bot that the proofs were made for.
fn token(ask: &Ask) -> Result<String> {
    let config = ask.session.config();
    let platforms = std::iter::once(&config.platform).chain(&config.previous_platform);
    let max = platforms.into_iter().find(|platform| platform.kind == Kind::Max);
    let token = max.map(|max| max.access.token.reveal().to_owned());
    token.ok_or_else(|| {
        Error::new(
            Code::Request,
            "подтверждения MAX проверяются токеном бота, а MAX в настройках не указан",
            "proofs of MAX are checked with its bot's token, and no MAX is configured",
        )
    })
}

/// The application that codes must have been given for, and the way to VK ID. Never of a request:
/// a code that a person gave to any other application would do then.
fn application<'a>(ask: &'a Ask) -> Result<(&'a Access, &'a VkId)> {
    let config = ask.session.config();
    let platforms = std::iter::once(&config.platform).chain(&config.previous_platform);
    let mut vk = platforms.into_iter().filter(|platform| platform.kind == Kind::Vk);
    let found = vk.find_map(|vk| Some((&vk.access, vk.vk_id.as_ref()?)));
    found.ok_or_else(|| {
        let message = Text::new(
            "код VK ID проверить нечем: укажите в настройках vk_id с полями client_id и \
             redirect_uri в platform (или previous_platform) вида vk",
            "nothing to check a code of VK ID with: configure vk_id with client_id and \
             redirect_uri in the platform (or previous_platform) of kind vk",
        );
        let fault = Fault::new("request.no_vk_id", "params.vk_code", "", message);
        Error::with_faults(Code::Request, vec![fault])
    })
}

fn nothing_shown() -> Fault {
    let message = Text::new(
        "нужно одно из полей init_data, contact, vk_code",
        "one of init_data, contact, vk_code is needed",
    );
    Fault::new("request.no_proof", "params", "", message)
}
