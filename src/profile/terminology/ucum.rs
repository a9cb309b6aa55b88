//! Units of measure by the grammar of UCUM (<https://ucum.org/ucum>), with the atoms that health records use.

use super::Member;

/// Units that take a prefix: `kg`, `mmol`.
const METRIC: &str = "m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc \
    [iU] [IU] kat U cal cal_IT cal_th cal_m g% st Ci R RAD REM Np B B[SPL] B[V] B[mV] B[uV] B[W] bit By Bd eq osm \
    [g] dyn erg P Ky G Mx Oe Gb sb Lmb ph gf m[H2O] m[Hg] [h] [k] [c] [e] [m_e] [m_p] [G] [pfu] [Bq] Ao";

/// Units that take none.
const PLAIN: &str = "% [ppth] [ppm] [ppb] [pptr] [pi] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo AU atm \
    [lbf_av] [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i] \
    [in_us] [ft_us] [yd_us] [mi_us] [acr_us] [gal_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us] \
    [bu_us] [cup_us] [tbs_us] [tsp_us] [gal_br] [qt_br] [pt_br] [foz_br] [gr] [lb_av] [oz_av] [dr_av] [stone_av] \
    [lcwt_av] [scwt_av] [lton_av] [ston_av] [lb_tr] [oz_tr] [lb_ap] [oz_ap] [degF] [degR] [Btu] [HP] [in_i'H2O] \
    [in_i'Hg] [PRU] [diop] [drp] [hpf] [lpf] [MET] [pH] [APL'U] [GPL'U] [MPL'U] [arb'U] [USP'U] [anti'Xa'U] [CFU] \
    [FFU] [PFU] [EID_50] [CCID_50] [TCID_50] [BAU] [AU] [Lf] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] \
    [mclg'U] [tb'U] [D'ag'U] [Amb'a'1'U] [FEU] [DDU] [HPF] [LPF] [ELU] [EU] [S] [wood'U] [Ch] [car_Au] [in_i'Hg] \
    [p'diop] [%] [mu_0] [eps_0] [car_m] [mesh_i] [kp_C] [kp_X] [hp_C] [hp_X] [hp_M] [hp_Q] circ 10* 10^ [m/s2/Hz^0.5]";

const PREFIXES: &str = "Y Z E P T G M k h da d c m u n p f a z y Ki Mi Gi Ti";

/// Whether a code is a unit. One whose form is right and whose atom is none of those kept here cannot be told.
pub(super) fn is_unit(code: &str) -> Member<'static> {
    if code.is_empty() || code.len() > 255 || !code.bytes().all(|byte| (33..=126).contains(&byte)) {
        return Member::No;
    }
    let mut depth = 0_u32;
    let mut answer = Member::Yes;
    let mut rest = code.strip_prefix('/').unwrap_or(code);
    let mut expects_part = true;
    while let Some(first) = rest.chars().next() {
        match first {
            '(' if expects_part => {
                depth += 1;
                rest = rest.get(1..).unwrap_or_default();
            }
            ')' if !expects_part && depth > 0 => {
                depth -= 1;
                rest = rest.get(1..).unwrap_or_default();
            }
            '.' | '/' if !expects_part => {
                expects_part = true;
                rest = rest.get(1..).unwrap_or_default();
            }
            _ if expects_part => {
                let (part, after) = component(rest);
                match atom(part) {
                    Member::Yes => {}
                    Member::No => return Member::No,
                    unknown @ Member::Unknown(_) => answer = unknown,
                }
                rest = after;
                expects_part = false;
            }
            _ => return Member::No,
        }
    }
    if depth > 0 || expects_part { Member::No } else { answer }
}

/// The text up to the next operator that stands in no bracket, and what is left.
fn component(text: &str) -> (&str, &str) {
    let (mut square, mut curly) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '[' if !curly => square = true,
            ']' if !curly => square = false,
            '{' if !square => curly = true,
            '}' if !square => curly = false,
            '.' | '/' | '(' | ')' if !square && !curly => return text.split_at(at),
            _ => {}
        }
    }
    (text, "")
}

/// One unit with its exponent and its annotation: `m2`, `10*9`, `{score}`, `kg{wet}`.
fn atom(text: &str) -> Member<'static> {
    let (unit, annotation) = text.split_once('{').map_or((text, None), |(unit, rest)| (unit, Some(rest)));
    if let Some(annotation) = annotation
        && annotation.find(['{', '}']) != annotation.len().checked_sub(1)
    {
        return Member::No;
    }
    if unit.is_empty() {
        return if annotation.is_some() { Member::Yes } else { Member::No };
    }
    if unit.bytes().all(|byte| byte.is_ascii_digit()) {
        return Member::Yes;
    }
    let bare = unit.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let bare = if bare.len() < unit.len() { bare.strip_suffix(['+', '-']).unwrap_or(bare) } else { bare };
    if known(bare) {
        Member::Yes
    } else if bare.is_empty()
        || bare.matches('[').count() != bare.matches(']').count()
        || bare.contains(['+', '-'])
    {
        Member::No
    } else {
        Member::Unknown("the form is that of a UCUM unit, which is none of those kept here")
    }
}

fn known(unit: &str) -> bool {
    let one_of = |list: &str, unit: &str| list.split_ascii_whitespace().any(|known| known == unit);
    one_of(PLAIN, unit)
        || one_of(METRIC, unit)
        || PREFIXES.split(' ').any(|prefix| {
            unit.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && one_of(METRIC, rest))
        })
}
