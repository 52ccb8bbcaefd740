//! VK Messenger.
