//! The one list of refusal codes, generated from every operation's refusals.

use gridweave_core::refusal::RefusalRow;

/// Every refusal that may leave the house.
pub const ALL: &[&[RefusalRow]] = &[
    gridweave_access::rules::AccessRefusal::ROWS,
    gridweave_access::ops::create_account::CreateAccount::ROWS,
    gridweave_access::ops::sign_in::SignIn::ROWS,
    gridweave_territory::ops::draw_plan::DrawPlan::ROWS,
    gridweave_territory::ops::publish_plan::PublishPlan::ROWS,
    gridweave_territory::ops::assign_worker::AssignWorker::ROWS,
    gridweave_addresses::ops::edit_place::EditPlace::ROWS,
    gridweave_addresses::ops::open_correction::OpenCorrection::ROWS,
    gridweave_addresses::ops::decide_correction::DecideCorrection::ROWS,
    gridweave_registers::ops::record_absence::RecordAbsence::ROWS,
    gridweave_registers::ops::set_occupancy::SetOccupancy::ROWS,
    gridweave_registers::ops::unmask::Unmask::ROWS,
    gridweave_signals::DecideSignal::ROWS,
    gridweave_cases::model::Move::ROWS,
    gridweave_cases::ops::open_case::OpenCase::ROWS,
    gridweave_cases::ops::dispatch::Dispatch::ROWS,
    gridweave_cases::ops::advance::Advance::ROWS,
    gridweave_cases::ops::merge::Merge::ROWS,
    gridweave_visits::ops::accept_task::AcceptTask::ROWS,
    gridweave_visits::ops::submit_visit::SubmitVisit::ROWS,
    gridweave_visits::ops::add_photo::AddPhoto::ROWS,
    crate::http::problem::HttpRefusal::ROWS,
];

/// The list as JSON: code → both texts; several rooms may share a code with one meaning.
pub fn as_json() -> serde_json::Value {
    let mut map = serde_json::Map::new();
    for row in ALL.iter().copied().flatten() {
        map.insert(row.code.to_owned(), serde_json::json!({ "zh": row.zh, "en": row.en }));
    }
    serde_json::Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_both_texts_and_one_kind() {
        let mut kinds = std::collections::HashMap::new();
        for row in ALL.iter().copied().flatten() {
            assert!(!row.zh.is_empty() && !row.en.is_empty(), "{}", row.code);
            assert!(row.zh.chars().any(|c| c as u32 > 0x4e00), "{} has no Chinese text", row.code);
            assert_eq!(*kinds.entry(row.code).or_insert(row.kind), row.kind, "{} has two kinds", row.code);
        }
        assert!(kinds.len() > 40);
    }
}
