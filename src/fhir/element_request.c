/* fhir/element_request.c - element rows of FHIR R4 4.0.1:
 * orders, tasks, messages, encounters, consents, conditions. See element.h. */
#include "fhir/element_int.h"

/* clang-format off */
static const struct fhir_element el_service_request[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("instantiatesCanonical", canonical, MANY, 0, NULL),
    E("instantiatesUri", uri, MANY, 0, NULL),
    E("basedOn", reference, MANY, 0, "CarePlan|ServiceRequest|MedicationRequest"),
    E("replaces", reference, MANY, 0, "ServiceRequest"),
    E("requisition", identifier, 0, 0, NULL),
    E("status", code, REQ, 0, "draft|active|on-hold|revoked|completed|entered-in-error|unknown"),
    E("intent", code, REQ, 0,
      "proposal|plan|directive|order|original-order|reflex-order|filler-order|"
      "instance-order|option"),
    E("category", codeable_concept, MANY, 0, NULL),
    E("priority", code, 0, 0, "routine|urgent|asap|stat"),
    E("doNotPerform", boolean, 0, 0, NULL),
    E("code", codeable_concept, 0, 0, NULL),
    E("orderDetail", codeable_concept, MANY, 0, NULL),
    E("quantityQuantity", quantity, 0, 1, NULL),
    E("quantityRatio", ratio, 0, 1, NULL),
    E("quantityRange", range, 0, 1, NULL),
    E("subject", reference, REQ, 0, "Patient|Group|Location|Device"),
    E("encounter", reference, 0, 0, "Encounter"),
    E("occurrenceDateTime", date_time, 0, 2, NULL),
    E("occurrencePeriod", period, 0, 2, NULL),
    E("occurrenceTiming", timing, 0, 2, NULL),
    E("asNeededBoolean", boolean, 0, 3, NULL),
    E("asNeededCodeableConcept", codeable_concept, 0, 3, NULL),
    E("authoredOn", date_time, 0, 0, NULL),
    E("requester", reference, 0, 0,
      "Practitioner|PractitionerRole|Organization|Patient|RelatedPerson|Device"),
    E("performerType", codeable_concept, 0, 0, NULL),
    E("performer", reference, MANY, 0,
      "Practitioner|PractitionerRole|Organization|CareTeam|HealthcareService|Patient|"
      "Device|RelatedPerson"),
    E("locationCode", codeable_concept, MANY, 0, NULL),
    E("locationReference", reference, MANY, 0, "Location"),
    E("reasonCode", codeable_concept, MANY, 0, NULL),
    E("reasonReference", reference, MANY, 0,
      "Condition|Observation|DiagnosticReport|DocumentReference"),
    E("insurance", reference, MANY, 0, "Coverage|ClaimResponse"),
    E("supportingInfo", reference, MANY, 0, NULL),
    E("specimen", reference, MANY, 0, "Specimen"),
    E("bodySite", codeable_concept, MANY, 0, NULL),
    E("note", annotation, MANY, 0, NULL),
    E("patientInstruction", string, 0, 0, NULL),
    E("relevantHistory", reference, MANY, 0, "Provenance"),
};
const struct fhir_shape sh_service_request = DOMAIN("ServiceRequest", el_service_request);

static const struct fhir_element el_task_restriction[] = {
    E("repetitions", positive_int, 0, 0, NULL),
    E("period", period, 0, 0, NULL),
    E("recipient", reference, MANY, 0,
      "Patient|Practitioner|PractitionerRole|RelatedPerson|Group|Organization"),
};
static const struct fhir_shape sh_task_restriction =
    BACKBONE("Task.restriction", el_task_restriction);

static const struct fhir_element el_task_input[] = {
    E("type", codeable_concept, REQ, 0, NULL),
    E("value", any, OPEN | REQ, 0, NULL),
};
static const struct fhir_shape sh_task_input = BACKBONE("Task.input", el_task_input);

static const struct fhir_element el_task_output[] = {
    E("type", codeable_concept, REQ, 0, NULL),
    E("value", any, OPEN | REQ, 0, NULL),
};
static const struct fhir_shape sh_task_output = BACKBONE("Task.output", el_task_output);

static const struct fhir_element el_task[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("instantiatesCanonical", canonical, 0, 0, NULL),
    E("instantiatesUri", uri, 0, 0, NULL),
    E("basedOn", reference, MANY, 0, NULL),
    E("groupIdentifier", identifier, 0, 0, NULL),
    E("partOf", reference, MANY, 0, "Task"),
    E("status", code, REQ, 0,
      "draft|requested|received|accepted|rejected|ready|cancelled|in-progress|on-hold|"
      "failed|completed|entered-in-error"),
    E("statusReason", codeable_concept, 0, 0, NULL),
    E("businessStatus", codeable_concept, 0, 0, NULL),
    E("intent", code, REQ, 0,
      "unknown|proposal|plan|order|original-order|reflex-order|filler-order|instance-order|"
      "option"),
    E("priority", code, 0, 0, "routine|urgent|asap|stat"),
    E("code", codeable_concept, 0, 0, NULL),
    E("description", string, 0, 0, NULL),
    E("focus", reference, 0, 0, NULL),
    E("for", reference, 0, 0, NULL),
    E("encounter", reference, 0, 0, "Encounter"),
    E("executionPeriod", period, 0, 0, NULL),
    E("authoredOn", date_time, 0, 0, NULL),
    E("lastModified", date_time, 0, 0, NULL),
    E("requester", reference, 0, 0,
      "Device|Organization|Patient|Practitioner|PractitionerRole|RelatedPerson"),
    E("performerType", codeable_concept, MANY, 0, NULL),
    E("owner", reference, 0, 0,
      "Practitioner|PractitionerRole|Organization|CareTeam|HealthcareService|Patient|"
      "Device|RelatedPerson"),
    E("location", reference, 0, 0, "Location"),
    E("reasonCode", codeable_concept, 0, 0, NULL),
    E("reasonReference", reference, 0, 0, NULL),
    E("insurance", reference, MANY, 0, "Coverage|ClaimResponse"),
    E("note", annotation, MANY, 0, NULL),
    E("relevantHistory", reference, MANY, 0, "Provenance"),
    E("restriction", task_restriction, 0, 0, NULL),
    E("input", task_input, MANY, 0, NULL),
    E("output", task_output, MANY, 0, NULL),
};
const struct fhir_shape sh_task = DOMAIN("Task", el_task);

static const struct fhir_element el_communication_payload[] = {
    E("contentString", string, REQ, 1, NULL),
    E("contentAttachment", attachment, REQ, 1, NULL),
    E("contentReference", reference, REQ, 1, NULL),
};
static const struct fhir_shape sh_communication_payload =
    BACKBONE("Communication.payload", el_communication_payload);

static const struct fhir_element el_communication[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("instantiatesCanonical", canonical, MANY, 0, NULL),
    E("instantiatesUri", uri, MANY, 0, NULL),
    E("basedOn", reference, MANY, 0, NULL),
    E("partOf", reference, MANY, 0, NULL),
    E("inResponseTo", reference, MANY, 0, "Communication"),
    E("status", code, REQ, 0,
      "preparation|in-progress|not-done|on-hold|stopped|completed|entered-in-error|unknown"),
    E("statusReason", codeable_concept, 0, 0, NULL),
    E("category", codeable_concept, MANY, 0, NULL),
    E("priority", code, 0, 0, "routine|urgent|asap|stat"),
    E("medium", codeable_concept, MANY, 0, NULL),
    E("subject", reference, 0, 0, "Patient|Group"),
    E("topic", codeable_concept, 0, 0, NULL),
    E("about", reference, MANY, 0, NULL),
    E("encounter", reference, 0, 0, "Encounter"),
    E("sent", date_time, 0, 0, NULL),
    E("received", date_time, 0, 0, NULL),
    E("recipient", reference, MANY, 0,
      "Device|Organization|Patient|Practitioner|PractitionerRole|RelatedPerson|Group|"
      "CareTeam|HealthcareService"),
    E("sender", reference, 0, 0,
      "Device|Organization|Patient|Practitioner|PractitionerRole|RelatedPerson|"
      "HealthcareService"),
    E("reasonCode", codeable_concept, MANY, 0, NULL),
    E("reasonReference", reference, MANY, 0,
      "Condition|Observation|DiagnosticReport|DocumentReference"),
    E("payload", communication_payload, MANY, 0, NULL),
    E("note", annotation, MANY, 0, NULL),
};
const struct fhir_shape sh_communication = DOMAIN("Communication", el_communication);

static const struct fhir_element el_encounter_status_history[] = {
    E("status", code, REQ, 0,
      "planned|arrived|triaged|in-progress|onleave|finished|cancelled|entered-in-error|"
      "unknown"),
    E("period", period, REQ, 0, NULL),
};
static const struct fhir_shape sh_encounter_status_history =
    BACKBONE("Encounter.statusHistory", el_encounter_status_history);

static const struct fhir_element el_encounter_class_history[] = {
    E("class", coding, REQ, 0, NULL),
    E("period", period, REQ, 0, NULL),
};
static const struct fhir_shape sh_encounter_class_history =
    BACKBONE("Encounter.classHistory", el_encounter_class_history);

static const struct fhir_element el_encounter_participant[] = {
    E("type", codeable_concept, MANY, 0, NULL),
    E("period", period, 0, 0, NULL),
    E("individual", reference, 0, 0, "Practitioner|PractitionerRole|RelatedPerson"),
};
static const struct fhir_shape sh_encounter_participant =
    BACKBONE("Encounter.participant", el_encounter_participant);

static const struct fhir_element el_encounter_diagnosis[] = {
    E("condition", reference, REQ, 0, "Condition|Procedure"),
    E("use", codeable_concept, 0, 0, NULL),
    E("rank", positive_int, 0, 0, NULL),
};
static const struct fhir_shape sh_encounter_diagnosis =
    BACKBONE("Encounter.diagnosis", el_encounter_diagnosis);

static const struct fhir_element el_encounter_hospitalization[] = {
    E("preAdmissionIdentifier", identifier, 0, 0, NULL),
    E("origin", reference, 0, 0, "Location|Organization"),
    E("admitSource", codeable_concept, 0, 0, NULL),
    E("reAdmission", codeable_concept, 0, 0, NULL),
    E("dietPreference", codeable_concept, MANY, 0, NULL),
    E("specialCourtesy", codeable_concept, MANY, 0, NULL),
    E("specialArrangement", codeable_concept, MANY, 0, NULL),
    E("destination", reference, 0, 0, "Location|Organization"),
    E("dischargeDisposition", codeable_concept, 0, 0, NULL),
};
static const struct fhir_shape sh_encounter_hospitalization =
    BACKBONE("Encounter.hospitalization", el_encounter_hospitalization);

static const struct fhir_element el_encounter_location[] = {
    E("location", reference, REQ, 0, "Location"),
    E("status", code, 0, 0, "planned|active|reserved|completed"),
    E("physicalType", codeable_concept, 0, 0, NULL),
    E("period", period, 0, 0, NULL),
};
static const struct fhir_shape sh_encounter_location =
    BACKBONE("Encounter.location", el_encounter_location);

static const struct fhir_element el_encounter[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("status", code, REQ, 0,
      "planned|arrived|triaged|in-progress|onleave|finished|cancelled|entered-in-error|"
      "unknown"),
    E("statusHistory", encounter_status_history, MANY, 0, NULL),
    E("class", coding, REQ, 0, NULL),
    E("classHistory", encounter_class_history, MANY, 0, NULL),
    E("type", codeable_concept, MANY, 0, NULL),
    E("serviceType", codeable_concept, 0, 0, NULL),
    E("priority", codeable_concept, 0, 0, NULL),
    E("subject", reference, 0, 0, "Patient|Group"),
    E("episodeOfCare", reference, MANY, 0, "EpisodeOfCare"),
    E("basedOn", reference, MANY, 0, "ServiceRequest"),
    E("participant", encounter_participant, MANY, 0, NULL),
    E("appointment", reference, MANY, 0, "Appointment"),
    E("period", period, 0, 0, NULL),
    E("length", duration, 0, 0, NULL),
    E("reasonCode", codeable_concept, MANY, 0, NULL),
    E("reasonReference", reference, MANY, 0,
      "Condition|Procedure|Observation|ImmunizationRecommendation"),
    E("diagnosis", encounter_diagnosis, MANY, 0, NULL),
    E("account", reference, MANY, 0, "Account"),
    E("hospitalization", encounter_hospitalization, 0, 0, NULL),
    E("location", encounter_location, MANY, 0, NULL),
    E("serviceProvider", reference, 0, 0, "Organization"),
    E("partOf", reference, 0, 0, "Encounter"),
};
const struct fhir_shape sh_encounter = DOMAIN("Encounter", el_encounter);

static const struct fhir_element el_consent_policy[] = {
    E("authority", uri, 0, 0, NULL),
    E("uri", uri, 0, 0, NULL),
};
static const struct fhir_shape sh_consent_policy = BACKBONE("Consent.policy", el_consent_policy);

static const struct fhir_element el_consent_verification[] = {
    E("verified", boolean, REQ, 0, NULL),
    E("verifiedWith", reference, 0, 0, "Patient|RelatedPerson"),
    E("verificationDate", date_time, 0, 0, NULL),
};
static const struct fhir_shape sh_consent_verification =
    BACKBONE("Consent.verification", el_consent_verification);

static const struct fhir_element el_consent_provision_actor[] = {
    E("role", codeable_concept, REQ, 0, NULL),
    E("reference", reference, REQ, 0,
      "Device|Group|CareTeam|Organization|Patient|Practitioner|RelatedPerson|"
      "PractitionerRole"),
};
static const struct fhir_shape sh_consent_provision_actor =
    BACKBONE("Consent.provision.actor", el_consent_provision_actor);

static const struct fhir_element el_consent_provision_data[] = {
    E("meaning", code, REQ, 0, "instance|related|dependents|authoredby"),
    E("reference", reference, REQ, 0, NULL),
};
static const struct fhir_shape sh_consent_provision_data =
    BACKBONE("Consent.provision.data", el_consent_provision_data);

static const struct fhir_shape sh_consent_provision;
static const struct fhir_element el_consent_provision[] = {
    E("type", code, 0, 0, "deny|permit"),
    E("period", period, 0, 0, NULL),
    E("actor", consent_provision_actor, MANY, 0, NULL),
    E("action", codeable_concept, MANY, 0, NULL),
    E("securityLabel", coding, MANY, 0, NULL),
    E("purpose", coding, MANY, 0, NULL),
    E("class", coding, MANY, 0, NULL),
    E("code", codeable_concept, MANY, 0, NULL),
    E("dataPeriod", period, 0, 0, NULL),
    E("data", consent_provision_data, MANY, 0, NULL),
    E("provision", consent_provision, MANY, 0, NULL),
};
static const struct fhir_shape sh_consent_provision =
    BACKBONE("Consent.provision", el_consent_provision);

static const struct fhir_element el_consent[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("status", code, REQ, 0, "draft|proposed|active|rejected|inactive|entered-in-error"),
    E("scope", codeable_concept, REQ, 0, NULL),
    E("category", codeable_concept, REQ | MANY, 0, NULL),
    E("patient", reference, 0, 0, "Patient"),
    E("dateTime", date_time, 0, 0, NULL),
    E("performer", reference, MANY, 0,
      "Organization|Patient|Practitioner|RelatedPerson|PractitionerRole"),
    E("organization", reference, MANY, 0, "Organization"),
    E("sourceAttachment", attachment, 0, 1, NULL),
    E("sourceReference", reference, 0, 1,
      "Consent|DocumentReference|Contract|QuestionnaireResponse"),
    E("policy", consent_policy, MANY, 0, NULL),
    E("policyRule", codeable_concept, 0, 0, NULL),
    E("verification", consent_verification, MANY, 0, NULL),
    E("provision", consent_provision, 0, 0, NULL),
};
const struct fhir_shape sh_consent = DOMAIN("Consent", el_consent);

static const struct fhir_element el_condition_stage[] = {
    E("summary", codeable_concept, 0, 0, NULL),
    E("assessment", reference, MANY, 0, "ClinicalImpression|DiagnosticReport|Observation"),
    E("type", codeable_concept, 0, 0, NULL),
};
static const struct fhir_shape sh_condition_stage = BACKBONE("Condition.stage", el_condition_stage);

static const struct fhir_element el_condition_evidence[] = {
    E("code", codeable_concept, MANY, 0, NULL),
    E("detail", reference, MANY, 0, NULL),
};
static const struct fhir_shape sh_condition_evidence =
    BACKBONE("Condition.evidence", el_condition_evidence);

static const struct fhir_element el_condition[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("clinicalStatus", codeable_concept, 0, 0, NULL),
    E("verificationStatus", codeable_concept, 0, 0, NULL),
    E("category", codeable_concept, MANY, 0, NULL),
    E("severity", codeable_concept, 0, 0, NULL),
    E("code", codeable_concept, 0, 0, NULL),
    E("bodySite", codeable_concept, MANY, 0, NULL),
    E("subject", reference, REQ, 0, "Patient|Group"),
    E("encounter", reference, 0, 0, "Encounter"),
    E("onsetDateTime", date_time, 0, 1, NULL),
    E("onsetAge", age, 0, 1, NULL),
    E("onsetPeriod", period, 0, 1, NULL),
    E("onsetRange", range, 0, 1, NULL),
    E("onsetString", string, 0, 1, NULL),
    E("abatementDateTime", date_time, 0, 2, NULL),
    E("abatementAge", age, 0, 2, NULL),
    E("abatementPeriod", period, 0, 2, NULL),
    E("abatementRange", range, 0, 2, NULL),
    E("abatementString", string, 0, 2, NULL),
    E("recordedDate", date_time, 0, 0, NULL),
    E("recorder", reference, 0, 0, "Practitioner|PractitionerRole|Patient|RelatedPerson"),
    E("asserter", reference, 0, 0, "Practitioner|PractitionerRole|Patient|RelatedPerson"),
    E("stage", condition_stage, MANY, 0, NULL),
    E("evidence", condition_evidence, MANY, 0, NULL),
    E("note", annotation, MANY, 0, NULL),
};
const struct fhir_shape sh_condition = DOMAIN("Condition", el_condition);
