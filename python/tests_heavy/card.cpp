// Tells PyTorch how many cards there are and which of them a thread is at; `card.py` does all else.
#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace {

constexpr auto kCard = c10::DeviceType::PrivateUse1;
thread_local c10::DeviceIndex here = 0;

struct CardGuard : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kCard; }
  c10::Device exchangeDevice(c10::Device device) const override {
    const auto before = here;
    here = device.index();
    return {kCard, before};
  }
  c10::Device getDevice() const override { return {kCard, here}; }
  void setDevice(c10::Device device) const override { here = device.index(); }
  void uncheckedSetDevice(c10::Device device) const noexcept override { here = device.index(); }
  c10::Stream getStream(c10::Device device) const override { return c10::Stream(c10::Stream::DEFAULT, device); }
  c10::Stream exchangeStream(c10::Stream) const override { return c10::Stream(c10::Stream::DEFAULT, getDevice()); }
  c10::DeviceIndex deviceCount() const noexcept override { return 2; }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, CardGuard)

}  // namespace
