use super::{Answer, ApiError, Call};
macro_rules! x { ($($n:ident)*) => { $(pub async fn $n(call: Call) -> Result<Answer, ApiError> { super::system::not_built(call).await })* } }
x!(upload upload_link raw_text list list_folder accepted_file_types metadata_schema create_folder remove_folder move_files generated_file get delete remove_documents update_embeddings update_pin);
