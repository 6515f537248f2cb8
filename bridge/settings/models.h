// The model registry: what config/models.yaml says of each printer model. A new model is a new
// entry there, not new code.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace printfleet::settings {

struct Model {
  std::string id;                         // segment 5 of its topics: "20021"
  std::string name;                       // "K2Pro": what selectors and the state document say
  std::string title;                      // "Anycubic Kobra 2 Pro"
  std::vector<std::string> slicer_names;  // what slicers call it, besides name and title
  double nozzle_target_c_max = 300;
  double bed_target_c_max = 90;
  double z_offset_mm_min = -10;
  double z_offset_mm_max = 10;
  double build_x_mm = 0;
  double build_y_mm = 0;
  double build_z_mm = 0;
  std::vector<std::string> speed_modes = {"silent", "standard", "sport"};  // wire numbers 1, 2, 3
  double job_time_unit_s = 60;              // of a job's print_time and remain_time; 0: not known
  bool material_in_mm = true;               // supplies_usage is millimetres of filament
  std::string no_task_id = "-1";            // what print.pause and .stop send when no task is known
  std::string short_topics_from = "3.1.0";  // firmware from which topics have no action segment
};

class ModelRegistry {
 public:
  void Add(Model model) { models_[model.id] = std::move(model); }

  // nullptr when the registry does not know it: such a printer is still stored, with its number
  // as its name, and takes stops and queries.
  [[nodiscard]] const Model* Find(std::string_view model_id) const {
    const auto found = models_.find(model_id);
    return found == models_.end() ? nullptr : &found->second;
  }

  // By id or name; nullptr when neither is known.
  [[nodiscard]] const Model* FindByIdOrName(std::string_view text) const {
    for (const auto& [id, model] : models_) {
      if (id == text || model.name == text) {
        return &model;
      }
    }
    return nullptr;
  }

  // The name of a model id, or the id itself.
  [[nodiscard]] std::string_view NameOf(std::string_view model_id) const {
    const Model* model = Find(model_id);
    return model != nullptr ? std::string_view(model->name) : model_id;
  }

  [[nodiscard]] const std::map<std::string, Model, std::less<>>& all() const { return models_; }

 private:
  std::map<std::string, Model, std::less<>> models_;
};

}  // namespace printfleet::settings
