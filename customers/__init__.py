"""客户: who the customers are, what they do with us, and who looks after them."""
